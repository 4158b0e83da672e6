import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { SessionsService } from '../../src/sessions/sessions.service.js';
import { OrganizationsService } from '../../src/organizations/organizations.service.js';
import {
  aForcedChange,
  aPerson,
  aSignedInAdmin,
  aSignedInUser,
  OTHER_PASSWORD,
  signIn,
  type SignedIn,
} from '../factories/people.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import type { TestClient } from '../support/test-client.js';
import { withDatabase } from '../support/server-databases.mjs';
import { NO_LIMITS } from '../support/no-limits.js';

const THIRD_PASSWORD = 'Sungai+mengalir4 pelan sekali';
const MAX_SESSIONS = 3;

let test: TestApp;
beforeAll(async () => {
  test = await startTestApp({ environment: { ...NO_LIMITS, MAX_SESSIONS_PER_USER: String(MAX_SESSIONS) } });
});
afterEach(() => {
  expect(test.logLines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});
afterAll(() => test.close());

/** Starts everything before it waits for anything. */
function atOnce<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => work(index)));
}

/** How many answers had which status, for example `{ 201: 1, 409: 7 }`. */
function tally(responses: { status: number }[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of responses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Browsers that hold the same cookies: tabs, or a thief and his victim. */
function copiesOf(client: TestClient, count: number): TestClient[] {
  return Array.from({ length: count }, () => {
    const copy = test.client();
    for (const [name, value] of client.cookies) copy.cookies.set(name, value);
    return copy;
  });
}

const liveSessions = (userId: string): Promise<number> =>
  test.database.client.session.count({ where: { userId, endedAt: null } });

const events = (action: string, targetId: string): Promise<number> =>
  test.database.client.securityEvent.count({ where: { action, targetId } });

const works = async (client: TestClient): Promise<boolean> => (await client.get('/users/me')).status === 200;

describe('20 refreshes with one token', () => {
  it('rotate once, and every holder gets the same successor, which works [V10.4.5]', async () => {
    const { client, id } = await aSignedInUser(test);
    const spent = client.cookies.get('refresh');
    const tabs = copiesOf(client, 20);
    expect(tally(await Promise.all(tabs.map((tab) => tab.refresh())))).toEqual({ 200: 20 });
    const successors = new Set(tabs.map((tab) => tab.cookies.get('refresh')));
    expect([...successors]).toEqual([expect.not.stringMatching(`^${spent}$`)]);
    const [session] = await test.database.client.session.findMany({ where: { userId: id } });
    expect(session).toMatchObject({ refreshCounter: 1, endedAt: null });
    expect(await Promise.all(tabs.map((tab) => works(tab)))).toEqual(tabs.map(() => true));
  });

  it('end the session when the token was spent longer than ten seconds ago, with one alarm [V7.4.1]', async () => {
    const { client, id } = await aSignedInUser(test);
    const thieves = copiesOf(client, 20);
    await client.refresh();
    test.clock.advanceSeconds(11);
    expect(tally(await Promise.all(thieves.map((thief) => thief.refresh())))).toEqual({ 401: 20 });
    expect(await liveSessions(id)).toBe(0);
    expect(await events('session.refresh_token_reused', id)).toBe(1);
    expect((await client.refresh()).status).toBe(401);
    expect(await works(client)).toBe(false);
  });

  it('bring nobody back in who was revoked at the same moment', async () => {
    for (let round = 0; round < 8; round += 1) {
      const { client, id } = await aSignedInUser(test);
      const tabs = copiesOf(client, 4);
      const [, ...refreshes] = await Promise.all([
        client.delete('/sessions?keep=none'),
        ...tabs.map((tab) => tab.refresh()),
      ]);
      expect(refreshes.every(({ status }) => status === 200 || status === 401)).toBe(true);
      expect(await liveSessions(id)).toBe(0);
      for (const tab of tabs) {
        expect((await tab.refresh()).status).toBe(401);
        if (tab.accessToken !== undefined) expect(await works(tab)).toBe(false);
      }
    }
  });
});

describe('temporary passwords', () => {
  it('issued 8 times at once for one person: one is given, and it works; the others answer 409 (contract §4)', async () => {
    const first = await aSignedInAdmin(test);
    const second = await aSignedInAdmin(test, { organizationId: first.organizationId });
    const person = await signIn(test, await aPerson(test, { organizationId: first.organizationId }));
    const path = `/admin/password-resets/${person.id}/temporary-password`;
    const responses = await atOnce(8, (index) => [first, second][index % 2]!.client.post(path));
    const given = responses.filter(({ status }) => status === 201);
    expect(given.length).toBeGreaterThanOrEqual(1);
    expect(given.length + responses.filter(({ status }) => status === 409).length).toBe(8);
    expect(await events('password.temporary_issued', person.id)).toBe(given.length);
    const logins = [];
    for (const { body } of given) {
      const { temporaryPassword: password } = body as { temporaryPassword: string };
      logins.push(await test.client().login({ email: person.email, password }));
    }
    expect(logins.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await works(person.client)).toBe(false);
    expect((await test.client().login(person)).status).toBe(401);
  });

  it('[F-45] open five of 20 logins at once, and one of their challenges', async () => {
    const admin = await aSignedInAdmin(test);
    const person = await aPerson(test, { organizationId: admin.organizationId, passwordHash: null });
    const issued = await admin.client.post(`/admin/password-resets/${person.id}/temporary-password`);
    const { temporaryPassword: password } = issued.body as { temporaryPassword: string };
    const responses = await atOnce(20, () => test.client().login({ email: person.email, password }));
    expect(tally(responses)).toEqual({ 200: 5, 401: 15 });
    expect(await events('password.temporary_used', person.id)).toBe(5);
    const tokens = responses.flatMap(
      ({ body }) => (body as { challengeToken?: string }).challengeToken ?? [],
    );
    const changes = [];
    for (const challengeToken of tokens)
      changes.push(
        await test.client().post('/auth/password-change', { challengeToken, newPassword: OTHER_PASSWORD }),
      );
    expect(tally(changes)).toEqual({ 200: 1, 401: 4 });
  });

  it('open one session when 20 forced changes use one challenge', async () => {
    const { challengeToken, person } = await aForcedChange(test);
    const passwords = Array.from({ length: 20 }, (_, index) => `${THIRD_PASSWORD} ${index}`);
    const clients = passwords.map(() => test.client());
    const responses = await atOnce(20, (index) =>
      clients[index]!.post('/auth/password-change', { challengeToken, newPassword: passwords[index] }),
    );
    const winner = responses.findIndex(({ status }) => status === 200);
    expect(tally(responses)[200]).toBe(1);
    // The sixth and later ones do not even reach the hash.
    expect(responses.every(({ status }) => [200, 401, 409, 429].includes(status))).toBe(true);
    expect(await liveSessions(person.id)).toBe(1);
    expect(await events('password.changed', person.id)).toBe(1);
    const login = await test.client().login({ email: person.email, password: passwords[winner]! });
    expect(login.status).toBe(200);
  });

  it('and a change by the owner at the same moment: exactly one password is left, and no session of the other', async () => {
    for (let round = 0; round < 4; round += 1) {
      const admin = await aSignedInAdmin(test);
      const person = await signIn(test, await aPerson(test, { organizationId: admin.organizationId }));
      const change = { currentPassword: person.password, newPassword: OTHER_PASSWORD };
      const [changed, issued] = await Promise.all([
        person.client.post('/auth/change-password', change),
        admin.client.post(`/admin/password-resets/${person.id}/temporary-password`),
      ]);
      expect([204, 401, 409]).toContain(changed.status);
      expect([201, 409]).toContain(issued.status);
      const { temporaryPassword } = issued.body as { temporaryPassword?: string };
      const candidates = [person.password, OTHER_PASSWORD, temporaryPassword ?? 'none'];
      const accepted = [];
      for (const password of candidates) {
        const login = await test.client().login({ email: person.email, password });
        if (login.status === 200) accepted.push(password);
      }
      expect(accepted).toEqual([issued.status === 201 ? temporaryPassword : OTHER_PASSWORD]);
      if (issued.status === 201) expect(await works(person.client)).toBe(false);
    }
  });
});

describe('the last administrator', () => {
  const acts: [string, (actor: SignedIn, targetId: string) => Promise<{ status: number }>][] = [
    ['demote', (actor, id) => actor.client.patch(`/users/${id}`, { role: 'USER' })],
    ['suspend', (actor, id) => actor.client.patch(`/users/${id}`, { status: 'SUSPENDED' })],
    ['delete', (actor, id) => actor.client.delete(`/users/${id}`)],
  ];

  it.each(acts)('stays when two administrators %s each other at once, many times', async (_what, act) => {
    for (let round = 0; round < 8; round += 1) {
      const one = await aSignedInAdmin(test);
      const two = await aSignedInAdmin(test, { organizationId: one.organizationId });
      const responses = await Promise.all([act(one, two.id), act(two, one.id)]);
      expect(responses.filter(({ status }) => status < 300)).toHaveLength(1);
      const where = { organizationId: one.organizationId, role: 'ADMIN', status: 'ACTIVE' } as const;
      expect(await test.database.client.user.count({ where })).toBe(1);
    }
  });

  it('stays when three administrators do three different things, also to themselves', async () => {
    for (let round = 0; round < 5; round += 1) {
      const one = await aSignedInAdmin(test);
      const { organizationId } = one;
      const two = await aSignedInAdmin(test, { organizationId });
      const three = await aSignedInAdmin(test, { organizationId });
      const responses = await Promise.all([
        acts[0]![1](one, two.id),
        acts[1]![1](two, three.id),
        acts[2]![1](three, one.id),
        acts[0]![1](three, three.id),
      ]);
      for (const { status } of responses) expect([200, 204, 401, 403, 404, 409]).toContain(status);
      const where = { organizationId, role: 'ADMIN', status: 'ACTIVE' } as const;
      expect(await test.database.client.user.count({ where })).toBeGreaterThanOrEqual(1);
    }
  });
});

describe('two administrators at once', () => {
  // The embedded database has one connection: nobody there can wait for anybody.
  const onServer = process.env['TEST_DATABASE_URL'] === undefined ? it.skip : it;
  /** A connection past the application, and a way to wait until so many others wait for locks. */
  const aBystander = async () => {
    const [row] = await test.database.client.$queryRaw<{ name: string }[]>`SELECT current_database() AS name`;
    const client = new pg.Client({
      connectionString: withDatabase(process.env['TEST_DATABASE_URL']!, row!.name),
    });
    await client.connect();
    const waiting = async (count: number): Promise<void> => {
      for (;;) {
        const { rows } = await client.query<{ n: number }>(
          `SELECT count(*)::int AS n FROM pg_locks JOIN pg_database d ON d.oid = database OR database IS NULL
           WHERE NOT granted AND d.datname = current_database()`,
        );
        if (rows[0]!.n >= count) return;
        await delay(10);
      }
    };
    return { client, waiting };
  };

  onServer(
    'take their locks in one order: one suspends an account, the other ends its sessions [F-47]',
    async () => {
      const admin = await aSignedInAdmin(test);
      const colleague = await aSignedInAdmin(test, { organizationId: admin.organizationId });
      const person = await signIn(test, await aPerson(test, { organizationId: admin.organizationId }));
      const { client, waiting } = await aBystander();
      const forgotten = jest.spyOn(test.app.get(SessionsService), 'forgetTrust');
      try {
        await signIn(test, person);
        // The oldest session is held, so that whoever ends them gets stuck halfway.
        await client.query('BEGIN');
        await client.query(
          'SELECT 1 FROM benteng.sessions WHERE user_id = $1 ORDER BY id DESC LIMIT 1 FOR UPDATE',
          [person.id],
        );
        const ended = colleague.client.delete(`/users/${person.id}/sessions`);
        await waiting(1);
        const suspended = admin.client.patch(`/users/${person.id}`, { status: 'SUSPENDED' });
        await waiting(2);
        await client.query('COMMIT');
        expect([(await ended).status, (await suspended).status]).toEqual([200, 200]);
        // Each did its work once: nothing was taken back.
        expect(forgotten).toHaveBeenCalledTimes(2);
      } finally {
        forgotten.mockRestore();
        await client.end();
      }
    },
  );

  onServer('see nothing of a deadlock: what was taken back is done once more [F-47]', async () => {
    const admin = await aSignedInAdmin(test);
    const person = await aPerson(test, { organizationId: admin.organizationId });
    const { client, waiting } = await aBystander();
    try {
      // A real one: the act holds the account and waits for the chain, the bystander the other way round.
      await client.query("SET deadlock_timeout = '60s'");
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM benteng.audit_chains WHERE organization_id = $1 FOR UPDATE', [
        admin.organizationId,
      ]);
      const renamed = admin.client.patch(`/users/${person.id}`, { name: 'Renamed' });
      await waiting(1);
      await client.query('SELECT 1 FROM benteng.users WHERE id = $1 FOR UPDATE', [person.id]);
      await client.query('COMMIT');
      const { status, body } = await renamed;
      expect({ status, body }).toMatchObject({ status: 200, body: { name: 'Renamed' } });
      expect(await events('user.updated', person.id)).toBe(1);
    } finally {
      await client.end();
    }
  });
});

describe('sessions', () => {
  it(`of one person are ${MAX_SESSIONS} at most, also after 12 sign-ins at once`, async () => {
    const person = await aPerson(test);
    const clients = Array.from({ length: 12 }, () => test.client());
    expect(tally(await Promise.all(clients.map((client) => client.login(person))))).toEqual({ 200: 12 });
    expect(await liveSessions(person.id)).toBe(MAX_SESSIONS);
    const working = await Promise.all(clients.map((client) => works(client)));
    expect(working.filter(Boolean)).toHaveLength(MAX_SESSIONS);
  });

  it('do not survive a suspension that happens during the sign-in, and neither waits for the other for ever', async () => {
    for (let round = 0; round < 6; round += 1) {
      const admin = await aSignedInAdmin(test);
      const person = await aPerson(test, { organizationId: admin.organizationId });
      const clients = Array.from({ length: 3 }, () => test.client());
      const [suspended, ...logins] = await Promise.all([
        admin.client.patch(`/users/${person.id}`, { status: 'SUSPENDED' }),
        ...clients.map((client) => client.login(person)),
      ]);
      expect(suspended.status).toBe(200);
      for (const { status } of logins) expect([200, 401]).toContain(status);
      expect(await liveSessions(person.id)).toBe(0);
      for (const client of clients) expect(await works(client)).toBe(false);
    }
  });

  // The embedded database runs one transaction at a time: only a server can show who waits for whom.
  (process.env['TEST_DATABASE_URL'] === undefined ? it.skip : it)(
    'begin while an administrator decides in the same organization: no waiting, so no deadlock',
    async () => {
      const person = await aPerson(test);
      const organizations = test.app.get(OrganizationsService);
      const login = await test.database.transaction(async (tx) => {
        await organizations.lock(tx, person.organizationId);
        return test.client().login(person);
      });
      expect(login.status).toBe(200);
    },
  );

  it('of a deleted person are gone, also when he signs in, refreshes and changes his password meanwhile', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { admin, person, challengeToken } = await aForcedChange(test);
      const client = test.client();
      const responses = await Promise.all([
        client.post('/auth/password-change', { challengeToken, newPassword: THIRD_PASSWORD }),
        admin.client.delete(`/users/${person.id}`),
        test.client().post('/auth/forgot-password', { email: person.email }),
      ]);
      for (const { status } of responses) expect([200, 202, 204, 401, 409, 503]).toContain(status);
      expect((await admin.client.delete(`/users/${person.id}`)).status).toBe(
        responses[1].status === 204 ? 404 : 204,
      );
      expect(await liveSessions(person.id)).toBe(0);
      expect(await test.database.client.challenge.count({ where: { userId: person.id } })).toBe(0);
    }
  });
});

describe('registration', () => {
  it('of one address 8 times at once makes one account and one organization', async () => {
    const input = {
      email: 'everyone@example.com',
      password: OTHER_PASSWORD,
      name: 'E',
      organizationName: 'Satu Saja',
    };
    expect(tally(await atOnce(8, () => test.client().post('/auth/register', input)))).toEqual({ 202: 8 });
    expect(await test.database.client.user.count({ where: { email: input.email } })).toBe(1);
    expect(await test.database.client.organization.count({ where: { name: 'Satu Saja' } })).toBe(1);
  });

  it('and creation of a user with one address: one wins, the other learns of it', async () => {
    const admin = await aSignedInAdmin(test);
    const other = await aSignedInAdmin(test);
    const input = { email: 'wanted@example.com', name: 'W' };
    const responses = await Promise.all(
      [admin, other, admin, other].map(({ client }) => client.post('/users', input)),
    );
    expect(tally(responses)).toEqual({ 201: 1, 409: 3 });
  });
});
