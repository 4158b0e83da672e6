import { aPerson, aSignedInUser, type Person } from '../factories/people.js';
import { pageOf } from '../support/pages.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import type { TestClient } from '../support/test-client.js';
import { claimsOf } from '../support/tokens.js';

const HOUR = 3600;

describe('sessions', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({ environment: { MAX_SESSIONS_PER_USER: '3' } });
  });
  afterAll(() => test.close());

  const signInAgain = async (person: Person): Promise<TestClient> => {
    const client = test.client();
    await client.login(person);
    return client;
  };
  const idOf = (client: TestClient) => claimsOf(client.accessToken!)['sid'] as string;
  const listOf = async (client: TestClient) => pageOf(await client.get('/sessions')).items;

  describe('the list', () => {
    it('shows one’s live sessions, newest first, and which one is asking [L-S8.2] [V7.5.2]', async () => {
      const person = await aSignedInUser(test);
      const startedAt = test.clock.now();
      test.clock.advanceSeconds(120);
      const second = await signInAgain(person);
      const items = await listOf(person.client);
      expect(items.map(({ id, current }) => [id, current])).toEqual([
        [idOf(second), false],
        [idOf(person.client), true],
      ]);
      expect(items[1]).toEqual({
        id: idOf(person.client),
        current: true,
        deviceName: 'Chrome on Windows',
        ipAddress: person.client.address,
        userAgent: person.client.userAgent,
        createdAt: startedAt.toISOString(),
        lastActiveAt: test.clock.now().toISOString(),
        expiresAt: new Date(startedAt.getTime() + 24 * HOUR * 1000).toISOString(),
      });
      expect((await listOf(second)).map(({ current }) => current)).toEqual([true, false]);
    });

    it('comes in pages', async () => {
      const person = await aSignedInUser(test);
      const second = await signInAgain(person);
      const first = pageOf(await second.get('/sessions?limit=1'));
      expect(first.items.map(({ id }) => id)).toEqual([idOf(second)]);
      const rest = pageOf(await second.get(`/sessions?limit=1&cursor=${first.nextCursor}`));
      expect(rest.items.map(({ id }) => id)).toEqual([idOf(person.client)]);
      expect(rest.nextCursor).toBeNull();
    });

    it('leaves out ended sessions and those of other people [A-5]', async () => {
      const person = await aSignedInUser(test);
      await aSignedInUser(test, { organizationId: person.organizationId });
      const second = await signInAgain(person);
      await second.post('/auth/logout');
      expect((await listOf(person.client)).map(({ id }) => id)).toEqual([idOf(person.client)]);
    });

    it('names devices so that their owner knows them [L-S8.2]', async () => {
      const names: Record<string, string> = {
        'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15':
          'Safari on macOS',
        'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1':
          'Safari on iPhone',
        'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36':
          'Chrome on Android',
        'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0': 'Firefox on Linux',
        'curl/8.5.0': 'curl',
      };
      for (const [userAgent, name] of Object.entries(names)) {
        const person = await aPerson(test);
        const client = test.client();
        client.userAgent = userAgent;
        await client.login(person);
        expect(await listOf(client)).toMatchObject([{ deviceName: name, userAgent }]);
      }
    });

    it('cuts a boundless user agent and copes with a missing one', async () => {
      const person = await aPerson(test);
      const client = test.client();
      client.userAgent = 'x'.repeat(2000);
      await client.login(person);
      const [session] = await listOf(client);
      expect(session!['userAgent']).toHaveLength(512);
      client.userAgent = '';
      await client.login(person);
      expect((await listOf(client))[0]).toMatchObject({ deviceName: 'Unknown device', userAgent: null });
    });

    it('shows the address of the last refresh', async () => {
      const { client } = await aSignedInUser(test);
      client.address = '203.0.113.7';
      await client.refresh();
      expect(await listOf(client)).toMatchObject([{ ipAddress: '203.0.113.7' }]);
    });
  });

  describe('ending', () => {
    it('one kills its tokens at once; again is fine [L-S8.2] [V7.4.1]', async () => {
      const person = await aSignedInUser(test);
      const other = await signInAgain(person);
      const path = `/sessions/${idOf(other)}`;
      expect((await person.client.delete(path)).status).toBe(204);
      expectProblem(await other.get('/users/me'), 401, 'SESSION_ENDED');
      expectProblem(await other.refresh(), 401, 'SESSION_ENDED');
      expect((await person.client.get('/users/me')).status).toBe(200);
      expect((await person.client.delete(path)).status).toBe(204);
    });

    it('the current one signs out', async () => {
      const { client } = await aSignedInUser(test);
      expect((await client.delete(`/sessions/${idOf(client)}`)).status).toBe(204);
      expectProblem(await client.get('/users/me'), 401, 'SESSION_ENDED');
    });

    it('somebody else’s is like one that does not exist [A-5] [L-0.1]', async () => {
      const person = await aSignedInUser(test);
      const colleague = await aSignedInUser(test, { organizationId: person.organizationId });
      expectProblem(await person.client.delete(`/sessions/${idOf(colleague.client)}`), 404, 'NOT_FOUND');
      expectProblem(
        await person.client.delete('/sessions/01890a5d-ac96-774b-bcce-b302099a8057'),
        404,
        'NOT_FOUND',
      );
      expectProblem(await person.client.delete('/sessions/1'), 400, 'VALIDATION_FAILED');
      expect((await colleague.client.get('/users/me')).status).toBe(200);
    });

    it('all keeps the current one unless told otherwise, and counts [L-S8.2]', async () => {
      const person = await aSignedInUser(test);
      const others = [await signInAgain(person), await signInAgain(person)];
      expect((await person.client.delete('/sessions')).body).toEqual({ revoked: 2 });
      for (const other of others) expectProblem(await other.get('/users/me'), 401, 'SESSION_ENDED');
      expect((await person.client.delete('/sessions?keep=current')).body).toEqual({ revoked: 0 });
      await signInAgain(person);
      expect((await person.client.delete('/sessions?keep=none')).body).toEqual({ revoked: 2 });
      expectProblem(await person.client.get('/users/me'), 401, 'SESSION_ENDED');
    });

    it('all takes no other choice and no body-less trick with repeated ones', async () => {
      const { client } = await aSignedInUser(test);
      for (const query of ['keep=all', 'keep=', 'keep=none&keep=current', 'all=true'])
        expectProblem(await client.delete(`/sessions?${query}`), 400, 'VALIDATION_FAILED');
      expect((await client.get('/users/me')).status).toBe(200);
    });
  });

  describe('the cap', () => {
    it('lets the oldest session go when one more begins [V7.1.2]', async () => {
      const person = await aSignedInUser(test);
      const [second, third] = [await signInAgain(person), await signInAgain(person)];
      for (const client of [person.client, second, third])
        expect((await client.get('/users/me')).status).toBe(200);
      const fourth = await signInAgain(person);
      expectProblem(await person.client.get('/users/me'), 401, 'SESSION_ENDED');
      expect((await listOf(fourth)).map(({ id }) => id)).toEqual([idOf(fourth), idOf(third), idOf(second)]);
      const ended = await test.database.client.session.findUniqueOrThrow({
        where: { id: idOf(person.client) },
      });
      expect(ended).toMatchObject({ endReason: 'SESSION_CAP' });
    });

    it('holds when many logins come at once', async () => {
      const person = await aPerson(test);
      const clients = await Promise.all(Array.from({ length: 5 }, () => signInAgain(person)));
      expect(clients.every(({ accessToken }) => accessToken !== undefined)).toBe(true);
      const live = await test.database.client.session.count({ where: { userId: person.id, endedAt: null } });
      expect(live).toBe(3);
    });

    it('does not count sessions that time has ended', async () => {
      const person = await aSignedInUser(test);
      await signInAgain(person);
      test.clock.advanceSeconds(6 * HOUR);
      const fresh = [await signInAgain(person), await signInAgain(person), await signInAgain(person)];
      for (const client of fresh) expect((await client.get('/users/me')).status).toBe(200);
    });
  });

  describe('time', () => {
    it('ends a session after 5 idle hours, for access and refresh token alike [L-S8.1] [V7.3.1]', async () => {
      const { client } = await aSignedInUser(test);
      const other = await aSignedInUser(test);
      test.clock.advanceSeconds(5 * HOUR - 1);
      expect((await other.client.refresh()).status).toBe(200);
      test.clock.advanceSeconds(1);
      expectProblem(await client.refresh(), 401, 'SESSION_ENDED');
      expect((await other.client.get('/users/me')).status).toBe(200);
    });

    it('counts any authenticated request as activity [L-S8.1]', async () => {
      const { client } = await aSignedInUser(test);
      test.clock.advanceSeconds(590);
      expect((await client.get('/sessions')).status).toBe(200);
      test.clock.advanceSeconds(5 * HOUR - 10);
      expect((await client.refresh()).status).toBe(200);
    });

    it('ends a session after 24 hours however busy it is; no refresh moves that end [L-S8.1] [V7.3.2]', async () => {
      const { client } = await aSignedInUser(test);
      const [before] = await listOf(client);
      for (let step = 0; step < 23; step += 1) {
        test.clock.advanceSeconds(HOUR);
        expect((await client.refresh()).status).toBe(200);
      }
      const [after] = await listOf(client);
      expect(after!['expiresAt']).toBe(before!['expiresAt']);
      test.clock.advanceSeconds(HOUR - 1);
      const last = await client.refresh();
      // Neither the access token nor the cookie outlives the session.
      expect(last.body).toMatchObject({ expiresInSeconds: 1 });
      expect(String(last.headers['set-cookie'])).toContain('Max-Age=1;');
      test.clock.advanceSeconds(1);
      expectProblem(await client.refresh(), 401, 'SESSION_ENDED');
      expectProblem(await client.get('/users/me'), 401, 'UNAUTHENTICATED');
    });

    it('ends a session for a token that was just spent, too: grace does not extend it', async () => {
      const { client } = await aSignedInUser(test);
      for (let step = 0; step < 5; step += 1) {
        test.clock.advanceSeconds(4.7 * HOUR);
        await client.refresh();
      }
      test.clock.advanceSeconds(0.5 * HOUR - 5);
      const spent = client.cookies.get('refresh')!;
      expect((await client.refresh()).status).toBe(200);
      test.clock.advanceSeconds(5);
      client.cookies.set('refresh', spent);
      expectProblem(await client.refresh(), 401, 'SESSION_ENDED');
    });
  });
});
