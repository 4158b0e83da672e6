import { aSignedInAdmin, OTHER_PASSWORD, signIn, type SignedIn } from '../factories/people.js';
import {
  anEnrolledPerson,
  enrol,
  eventsOf,
  openChallenge,
  prove,
  signInWithCode,
  wrongCode,
  type EnrolledPerson,
} from '../factories/second-factors.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import type { TestClient } from '../support/test-client.js';

const DAY = 24 * 60 * 60;

describe('remembered devices [L-S7.3]', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({ environment: NO_LIMITS });
  });
  afterAll(() => test.close());

  /** An enrolled person with a browser that is trusted and signed in. */
  const aTrusted = async (overrides: Parameters<typeof anEnrolledPerson>[1] = {}) => {
    const person = await anEnrolledPerson(test, overrides);
    return { person, browser: await signInWithCode(test, person, { rememberDevice: true }) };
  };

  /** The step that the next login from this browser ends with. */
  const nextLogin = async (browser: TestClient, person: { email: string; password: string }) =>
    ((await browser.login(person)).body as { status?: string }).status;

  /** A browser that holds nothing but this cookie. */
  const holding = (token: string | undefined): TestClient => {
    const browser = test.client();
    browser.cookies.set('remember', token!);
    return browser;
  };

  const devicesLeft = (person: EnrolledPerson) =>
    test.database.client.rememberedDevice.count({ where: { userId: person.id } });

  it('skip the factor from then on, and only where it was asked for', async () => {
    const { person, browser } = await aTrusted();
    expect(await nextLogin(browser, person)).toBe('authenticated');
    expect(await nextLogin(browser, person)).toBe('authenticated');
    expect(await nextLogin(test.client(), person)).toBe('two_factor_required');
    const forgetful = await signInWithCode(test, person);
    expect(forgetful.cookies.has('remember')).toBe(false);
    expect(await nextLogin(forgetful, person)).toBe('two_factor_required');
  });

  it('still need the password', async () => {
    const { person, browser } = await aTrusted();
    expect((await browser.login({ email: person.email, password: 'not the password' })).status).toBe(401);
  });

  it('have a cookie for this site alone, out of reach of scripts, for 30 days', async () => {
    const person = await anEnrolledPerson(test);
    const challengeToken = await openChallenge(test, person);
    const response = await prove(test, { challengeToken, code: person.codeNow(), rememberDevice: true });
    const cookie = cookieLine(response.headers, 'remember');
    expect(cookie).toMatch(/^remember=[A-Za-z0-9_-]{70}; /);
    expect(cookie.split('; ').slice(1).toSorted()).toEqual([
      'HttpOnly',
      'Max-Age=2592000',
      'Path=/',
      'SameSite=Strict',
    ]);
  });

  it('get no cookie for a wrong code', async () => {
    const person = await anEnrolledPerson(test);
    const challengeToken = await openChallenge(test, person);
    const refused = await prove(test, { challengeToken, code: wrongCode(person), rememberDevice: true });
    expect(refused.headers['set-cookie']).toBeUndefined();
    expect(await devicesLeft(person)).toBe(0);
  });

  it('rotate the cookie on each use', async () => {
    const { person, browser } = await aTrusted();
    const tokens = [browser.cookies.get('remember')];
    for (let use = 0; use < 3; use += 1) {
      await browser.login(person);
      tokens.push(browser.cookies.get('remember'));
    }
    expect(new Set(tokens).size).toBe(4);
  });

  it('leave nothing in the database that could be replayed', async () => {
    const { person, browser } = await aTrusted();
    const token = browser.cookies.get('remember')!;
    const [{ row } = { row: '' }] = await test.database.client.$queryRaw<{ row: string }[]>`
      SELECT to_jsonb(d)::text AS row FROM benteng.remembered_devices d WHERE user_id = ${person.id}::uuid`;
    const secret = Buffer.from(token, 'base64url').subarray(20);
    expect(row).not.toContain(token);
    expect(row).not.toContain(secret.toString('hex'));
    expect(row).not.toContain(secret.toString('base64').slice(0, 12));
  });

  it('give parallel tabs the same successor, which works', async () => {
    const { person, browser } = await aTrusted();
    const tabs = Array.from({ length: 8 }, () => holding(browser.cookies.get('remember')));
    const statuses = await Promise.all(tabs.map((tab) => nextLogin(tab, person)));
    expect(statuses).toEqual(tabs.map(() => 'authenticated'));
    const successors = new Set(tabs.map((tab) => tab.cookies.get('remember')));
    expect(successors.size).toBe(1);
    expect(await nextLogin(tabs[0]!, person)).toBe('authenticated');
  });

  it('answer a lost answer within 10 s with the same successor', async () => {
    const { person, browser } = await aTrusted();
    const late = holding(browser.cookies.get('remember'));
    await browser.login(person);
    test.clock.advanceSeconds(10);
    expect(await nextLogin(late, person)).toBe('authenticated');
    expect(late.cookies.get('remember')).toBe(browser.cookies.get('remember'));
  });

  it('end for thief and owner alike when a spent cookie comes back later', async () => {
    const { person, browser } = await aTrusted();
    const thief = holding(browser.cookies.get('remember'));
    await browser.login(person);
    test.clock.advanceSeconds(11);
    expect(await nextLogin(thief, person)).toBe('two_factor_required');
    expect(await nextLogin(browser, person)).toBe('two_factor_required');
    expect(await devicesLeft(person)).toBe(0);
    expect(await eventsOf(test, 'remembered_device.token_reused', person)).toBe(1);
  });

  it('are not ended by a stranger who holds an old cookie but not the password', async () => {
    const { person, browser } = await aTrusted();
    const stranger = holding(browser.cookies.get('remember'));
    await browser.login(person);
    test.clock.advanceSeconds(60);
    await stranger.login({ email: person.email, password: 'not the password' });
    expect(await nextLogin(browser, person)).toBe('authenticated');
  });

  it('last 30 days from the moment of trust; use does not extend it', async () => {
    const { person, browser } = await aTrusted();
    test.clock.advanceSeconds(29 * DAY);
    const used = await browser.login(person);
    expect(used.body).toMatchObject({ status: 'authenticated' });
    expect(cookieLine(used.headers, 'remember')).toContain(`Max-Age=${DAY}`);
    test.clock.advanceSeconds(DAY - 1);
    expect(await nextLogin(browser, person)).toBe('authenticated');
    test.clock.advanceSeconds(1);
    expect(await nextLogin(browser, person)).toBe('two_factor_required');
  });

  it('are worth nothing to another user', async () => {
    const { browser } = await aTrusted();
    const other = await anEnrolledPerson(test);
    expect(await nextLogin(holding(browser.cookies.get('remember')), other)).toBe('two_factor_required');
  });

  it('are not made by a refresh cookie in the place of theirs, nor by an altered one', async () => {
    const { person, browser } = await aTrusted();
    const token = browser.cookies.get('remember')!;
    const altered = Buffer.from(token, 'base64url');
    altered[19]! += 1;
    for (const forged of [
      browser.cookies.get('refresh'),
      altered.toString('base64url'),
      `${token}A`,
      'x',
      '',
    ])
      expect(await nextLogin(holding(forged), person)).toBe('two_factor_required');
    expect(await nextLogin(browser, person)).toBe('authenticated');
  });

  it('never count as step-up, nor as the second factor in the token', async () => {
    const { person, browser } = await aTrusted();
    const { body } = await browser.login(person);
    const claims = JSON.parse(
      Buffer.from((body as { accessToken: string }).accessToken.split('.')[1]!, 'base64url').toString(),
    ) as { amr: string[] };
    expect(claims.amr).toEqual(['pwd']);
    // [F-20] Right after the sign-in: the password was proved a moment ago, the factor was not.
    browser.accessToken = (body as { accessToken: string }).accessToken;
    expectProblem(await browser.post('/two-factor/setup'), 403, 'STEP_UP_REQUIRED');
    const stepUp = await browser.post('/auth/step-up', { password: person.password });
    browser.accessToken = (stepUp.body as { accessToken: string }).accessToken;
    expectProblem(await browser.post('/two-factor/setup'), 403, 'STEP_UP_REQUIRED');
    for (const path of ['/two-factor/disable', '/two-factor/backup-codes'])
      expectProblem(await browser.post(path, {}), 400, 'VALIDATION_FAILED');
    expectProblem(await browser.post('/auth/step-up', {}), 400, 'VALIDATION_FAILED');
    test.clock.advanceSeconds(601);
    await browser.refresh();
    expectProblem(await browser.post('/two-factor/setup'), 403, 'STEP_UP_REQUIRED');
  });

  describe('end with [V6.5.6]', () => {
    const endings: [
      string,
      (person: EnrolledPerson, browser: TestClient, admin: SignedIn) => Promise<unknown>,
    ][] = [
      [
        'a change of the password',
        (person, browser) =>
          browser.post('/auth/change-password', {
            currentPassword: person.password,
            newPassword: OTHER_PASSWORD,
          }),
      ],
      [
        'a new factor in place of the old one',
        async (person, browser) =>
          enrol(test, { ...person, client: browser }, { backupCode: person.backupCodes[0]! }),
      ],
      ['"sign out everywhere"', (_person, browser) => browser.delete('/sessions?keep=none')],
      ['DELETE /two-factor/devices', (_person, browser) => browser.delete('/two-factor/devices')],
      [
        'DELETE /two-factor/devices/:id',
        async (_person, browser) => {
          const { body } = await browser.get('/two-factor/devices');
          const { items } = body as { items: { id: string }[] };
          return browser.delete(`/two-factor/devices/${items[0]!.id}`);
        },
      ],
      [
        "an administrator's ending of all sessions",
        (person, _browser, admin) => admin.client.delete(`/users/${person.id}/sessions`),
      ],
    ];
    it.each(endings)('%s', async (_what, end) => {
      const admin = await aSignedInAdmin(test);
      const { person, browser } = await aTrusted({ organizationId: admin.organizationId });
      const token = browser.cookies.get('remember');
      const response = (await end(person, browser, admin)) as { status?: number };
      expect(response.status ?? 200).toBeLessThan(300);
      const passwords = [person.password, OTHER_PASSWORD];
      const outcomes = [];
      for (const password of passwords)
        outcomes.push(await nextLogin(holding(token), { email: person.email, password }));
      expect(outcomes).toContain('two_factor_required');
      expect(outcomes).not.toContain('authenticated');
    });

    it('a temporary password', async () => {
      const admin = await aSignedInAdmin(test);
      const { person, browser } = await aTrusted({ organizationId: admin.organizationId });
      const issued = await admin.client.post(`/admin/password-resets/${person.id}/temporary-password`);
      const { temporaryPassword: password } = issued.body as { temporaryPassword: string };
      expect(await nextLogin(browser, { email: person.email, password })).toBe('two_factor_required');
    });

    it("an administrator's removal of the factor, also when a new one is enrolled", async () => {
      const admin = await aSignedInAdmin(test);
      const { person, browser } = await aTrusted({ organizationId: admin.organizationId });
      expect((await admin.client.delete(`/users/${person.id}/two-factor`)).status).toBe(204);
      const enrolled = await enrol(test, await signIn(test, person));
      expect(await nextLogin(browser, enrolled)).toBe('two_factor_required');
    });

    it('disabling the factor, also when a new one is enrolled', async () => {
      const { person, browser } = await aTrusted();
      test.clock.advanceSeconds(30);
      expect((await browser.post('/two-factor/disable', { code: person.codeNow() })).status).toBe(204);
      const enrolled = await enrol(test, await signIn(test, person));
      expect(await nextLogin(browser, enrolled)).toBe('two_factor_required');
    });
  });

  it('are listed with name, address and last use, newest first, to their owner alone', async () => {
    const person = await anEnrolledPerson(test);
    const first = await signInWithCode(test, person, { rememberDevice: true });
    const second = await signInWithCode(test, person, { rememberDevice: true });
    const trustedAt = test.clock.now();
    test.clock.advanceSeconds(60);
    first.address = '198.51.100.7';
    await first.login(person);
    const { body } = await first.get('/two-factor/devices');
    const { items } = body as { items: Record<string, unknown>[] };
    expect(items).toHaveLength(2);
    expect(items[0]).toEqual({
      id: expect.any(String),
      deviceName: 'Chrome on Windows',
      ipAddress: second.address,
      createdAt: trustedAt.toISOString(),
      lastUsedAt: trustedAt.toISOString(),
      expiresAt: new Date(trustedAt.getTime() + 30 * DAY * 1000).toISOString(),
    });
    expect(items[1]).toMatchObject({
      ipAddress: '198.51.100.7',
      lastUsedAt: test.clock.now().toISOString(),
    });
    const other = await signInWithCode(test, await anEnrolledPerson(test));
    expect((await other.get('/two-factor/devices')).body).toMatchObject({ items: [] });
    expectProblem(await other.delete(`/two-factor/devices/${String(items[0]!['id'])}`), 404, 'NOT_FOUND');
    expect(await devicesLeft(person)).toBe(2);
  });

  it('can be forgotten one by one, and all at once', async () => {
    const person = await anEnrolledPerson(test);
    const browsers = [];
    for (let index = 0; index < 3; index += 1)
      browsers.push(await signInWithCode(test, person, { rememberDevice: true }));
    const [first, second, third] = browsers as [TestClient, TestClient, TestClient];
    const { body } = await third.get('/two-factor/devices');
    const oldest = (body as { items: { id: string }[] }).items[2]!.id;
    expect((await third.delete(`/two-factor/devices/${oldest}`)).status).toBe(204);
    expectProblem(await third.delete(`/two-factor/devices/${oldest}`), 404, 'NOT_FOUND');
    expectProblem(await third.delete('/two-factor/devices/nonsense'), 400, 'VALIDATION_FAILED');
    expect(await nextLogin(first, person)).toBe('two_factor_required');
    expect(await nextLogin(second, person)).toBe('authenticated');
    expect((await third.delete('/two-factor/devices')).body).toEqual({ revoked: 2 });
    expect((await third.delete('/two-factor/devices')).body).toEqual({ revoked: 0 });
    expect(await nextLogin(second, person)).toBe('two_factor_required');
    expect(await eventsOf(test, 'remembered_device.revoked', person)).toBe(2);
    expect(await eventsOf(test, 'remembered_device.trusted', person)).toBe(3);
  });
});

describe('remembered devices where cookies are secure', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({ environment: { COOKIE_SECURE: 'true' } });
  });
  afterAll(() => test.close());

  it('have a __Host- cookie with Secure and without a domain', async () => {
    const person = await anEnrolledPerson(test);
    const challengeToken = await openChallenge(test, person);
    const proof = { challengeToken, code: person.codeNow(), rememberDevice: true };
    const cookie = cookieLine((await prove(test, proof)).headers, '__Host-remember');
    expect(cookie).toContain('; Secure');
    expect(cookie).not.toContain('Domain');
  });
});

/** The Set-Cookie line of one cookie; empty when it was not set. */
function cookieLine(headers: Record<string, unknown>, name: string): string {
  const lines = (headers['set-cookie'] ?? []) as string[];
  return lines.find((line) => line.startsWith(`${name}=`)) ?? '';
}
