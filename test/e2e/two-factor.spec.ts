import { asText } from '../support/as-text.js';
import { generateSync } from 'otplib';
import { aSignedInAdmin, aSignedInUser, signIn, type SignedIn } from '../factories/people.js';
import {
  anEnrolledPerson,
  challenged,
  enrol,
  eventsOf,
  factorOf,
  openChallenge,
  prove,
  sessionsOf,
  signInWithCode,
  wrongCode,
} from '../factories/second-factors.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { claimsOf } from '../support/tokens.js';

describe('second factor', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp({ environment: NO_LIMITS });
  });
  afterAll(() => test.close());

  const statusOf = async ({ client }: SignedIn) => (await client.get('/two-factor')).body as unknown;
  const codeFor = (secret: string) =>
    generateSync({ secret, epoch: Math.floor(test.clock.now().getTime() / 1000) });
  const setUp = async ({ client }: SignedIn, proof?: object) =>
    (await client.post('/two-factor/setup', proof)).body as {
      secret: string;
      otpauthUrl: string;
      qrCode: string;
    };

  it('[L-S7.1] shows secret, address and QR code at setup, and counts only once a code confirmed it', async () => {
    const person = await aSignedInUser(test);
    const setup = await person.client.post('/two-factor/setup');
    expect(setup.status).toBe(200);
    const { secret, otpauthUrl, qrCode } = setup.body as Record<string, string>;
    expect(Object.keys(setup.body as object).toSorted()).toEqual(['otpauthUrl', 'qrCode', 'secret']);
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(new URL(otpauthUrl!).searchParams.get('secret')).toBe(secret);
    expect(decodeURIComponent(new URL(otpauthUrl!).pathname)).toBe(`/Toko Sejahtera:${person.email}`);
    const svg = Buffer.from(qrCode!.replace('data:image/svg+xml;base64,', ''), 'base64').toString();
    expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\s*$/);
    expect(svg).not.toMatch(/<script|href=/);

    expect(await statusOf(person)).toEqual({ enabled: false, confirmedAt: null, backupCodesLeft: 0 });
    expect((await test.client().login(person)).body).toMatchObject({ status: 'authenticated' });
    expectProblem(
      await person.client.post('/two-factor/enable', { code: otherThan(codeFor(secret!)) }),
      401,
      'TWO_FACTOR_CODE_REFUSED',
    );
    expect(await statusOf(person)).toMatchObject({ enabled: false });

    const enabled = await person.client.post('/two-factor/enable', { code: codeFor(secret!) });
    expect(enabled.status).toBe(200);
    expect(Object.keys(enabled.body as object)).toEqual(['backupCodes']);
    expect(await statusOf(person)).toEqual({
      enabled: true,
      confirmedAt: test.clock.now().toISOString(),
      backupCodesLeft: 8,
    });
    expect((await test.client().login(person)).body).toMatchObject({ status: 'two_factor_required' });
    expect(await eventsOf(test, 'two_factor.enabled', person)).toBe(1);
  });

  it('[L-S7.1] takes the newest setup when it is begun again before it is confirmed', async () => {
    const person = await aSignedInUser(test);
    const first = await setUp(person);
    const second = await setUp(person);
    expect(second.secret).not.toBe(first.secret);
    const stale = await person.client.post('/two-factor/enable', { code: codeFor(first.secret) });
    expectProblem(stale, 401, 'TWO_FACTOR_CODE_REFUSED');
    const enabled = await person.client.post('/two-factor/enable', { code: codeFor(second.secret) });
    expect(enabled.status).toBe(200);
  });

  it('[L-S7.1] needs a setup before enable, and a fresh proof before a setup', async () => {
    const person = await aSignedInUser(test);
    const early = await person.client.post('/two-factor/enable', { code: '123456' });
    expectProblem(early, 409, 'TWO_FACTOR_NOT_ENABLED');
    test.clock.advanceSeconds(601);
    await person.client.refresh();
    expectProblem(await person.client.post('/two-factor/setup'), 403, 'STEP_UP_REQUIRED');
    expectProblem(await test.client().post('/two-factor/setup'), 401, 'UNAUTHENTICATED');
  });

  it('[L-S7.1] replaces an enabled factor only when the new one is confirmed', async () => {
    const person = await anEnrolledPerson(test);
    const { secret } = await setUp(person, { code: person.codeNow() });
    test.clock.advanceSeconds(30);
    expect(await statusOf(person)).toMatchObject({ enabled: true, backupCodesLeft: 8 });
    const withNew = await prove(test, {
      challengeToken: await openChallenge(test, person),
      code: codeFor(secret),
    });
    expectProblem(withNew, 401, 'TWO_FACTOR_CODE_REFUSED');
    const withOld = { challengeToken: await openChallenge(test, person), code: person.codeNow() };
    expect((await prove(test, withOld)).status).toBe(200);

    test.clock.advanceSeconds(30);
    const enabled = await person.client.post('/two-factor/enable', { code: codeFor(secret) });
    expect(enabled.status).toBe(200);
    const { backupCodes } = enabled.body as { backupCodes: string[] };
    test.clock.advanceSeconds(30);
    const challengeToken = await openChallenge(test, person);
    const oldProofs = [{ code: person.codeNow() }, { backupCode: person.backupCodes[0] }];
    for (const proof of oldProofs)
      expectProblem(await prove(test, { challengeToken, ...proof }), 401, 'TWO_FACTOR_CODE_REFUSED');
    expect((await prove(test, { challengeToken, backupCode: backupCodes[0] })).status).toBe(200);
  });

  it('[F-20] replaces an enabled factor only on a proof by that factor itself', async () => {
    const person = await anEnrolledPerson(test);
    const setup = (proof?: object) => person.client.post('/two-factor/setup', proof);
    const password = await person.client.post('/auth/step-up', { password: person.password });
    person.client.accessToken = (password.body as { accessToken: string }).accessToken;
    expectProblem(await setup(), 403, 'STEP_UP_REQUIRED');
    expectProblem(await setup({}), 403, 'STEP_UP_REQUIRED');
    expectProblem(await setup({ code: wrongCode(person) }), 401, 'TWO_FACTOR_CODE_REFUSED');
    expectProblem(await setup({ backupCode: '0000-0000-0000-0000' }), 401, 'TWO_FACTOR_CODE_REFUSED');
    const both = { code: person.codeNow(), backupCode: person.backupCodes[0] };
    expectProblem(await setup(both), 400, 'VALIDATION_FAILED');
    expectProblem(await setup({ password: person.password }), 400, 'VALIDATION_FAILED');
    // None of these left anything to confirm.
    expect(await factorOf(test, person)).toMatchObject({ pendingSince: null });

    const code = person.codeNow();
    expect((await setup({ code })).status).toBe(200);
    expectProblem(await setup({ code }), 401, 'TWO_FACTOR_CODE_REFUSED');
    expect((await setup({ backupCode: person.backupCodes[0] })).status).toBe(200);
    expectProblem(await setup({ backupCode: person.backupCodes[0] }), 401, 'TWO_FACTOR_CODE_REFUSED');
    expect(await eventsOf(test, 'two_factor.backup_code_used', person)).toBe(1);
  });

  it('[F-20] of a setup without a factor nothing is left once a factor is enabled', async () => {
    const person = await aSignedInUser(test);
    const other = await signIn(test, person);
    // The thief's browser begins, the owner's begins later and confirms: the thief's secret opens nothing.
    const thief = await setUp(person);
    await enrol(test, other);
    expectProblem(
      await other.client.post('/two-factor/enable', { code: codeFor(thief.secret) }),
      409,
      'TWO_FACTOR_NOT_ENABLED',
    );
    expectProblem(await other.client.post('/two-factor/setup', {}), 403, 'STEP_UP_REQUIRED');
  });

  it('[F-20] has no code for a setup where no factor is enabled', async () => {
    const person = await aSignedInUser(test);
    const setup = await person.client.post('/two-factor/setup', { code: '123456' });
    expectProblem(setup, 409, 'TWO_FACTOR_NOT_ENABLED');
  });

  it('[F-20] [F-35] forgets a setup that waited for 15 minutes, and confirms only with a fresh proof', async () => {
    const person = await aSignedInUser(test);
    const { secret } = await setUp(person);
    test.clock.advanceSeconds(601);
    await person.client.refresh();
    const enable = () => person.client.post('/two-factor/enable', { code: codeFor(secret) });
    expectProblem(await enable(), 403, 'STEP_UP_REQUIRED');
    const stepUp = await person.client.post('/auth/step-up', { password: person.password });
    person.client.accessToken = (stepUp.body as { accessToken: string }).accessToken;
    test.clock.advanceSeconds(299);
    expectProblem(await enable(), 409, 'TWO_FACTOR_NOT_ENABLED');
    expect(await statusOf(person)).toMatchObject({ enabled: false });
    const again = await setUp(person);
    test.clock.advanceSeconds(290);
    const enabled = await person.client.post('/two-factor/enable', { code: codeFor(again.secret) });
    expect(enabled.status).toBe(200);
  });

  it('[F-35] ends what the password alone opened when it is enabled, and a copied cookie with it', async () => {
    const person = await aSignedInUser(test);
    const other = await signIn(test, person);
    const copy = test.client();
    copy.cookies.set('refresh', person.client.cookies.get('refresh')!);
    const enrolled = await enrol(test, person);
    expect((await person.client.get('/users/me')).status).toBe(200);
    expectProblem(await other.client.get('/users/me'), 401, 'SESSION_ENDED');
    expectProblem(await other.client.refresh(), 401, 'SESSION_ENDED');
    expect((await person.client.refresh()).status).toBe(200);
    expect(claimsOf(person.client.accessToken!)['amr']).toEqual(['pwd', 'otp', 'mfa']);

    // A session that the factor opened goes on when the factor is replaced; the one of a remembered browser does not.
    const proved = await signInWithCode(test, enrolled, { rememberDevice: true });
    const remembered = test.client();
    remembered.cookies.set('remember', proved.cookies.get('remember')!);
    await remembered.login(person);
    expect((await remembered.get('/users/me')).status).toBe(200);
    await enrol(test, person, { backupCode: enrolled.backupCodes[0]! });
    expect((await proved.get('/users/me')).status).toBe(200);
    expectProblem(await remembered.get('/users/me'), 401, 'SESSION_ENDED');

    expectProblem(await copy.refresh(), 401, 'SESSION_ENDED');
    expect(await eventsOf(test, 'session.refresh_token_reused', person)).toBe(1);
  });

  it('[L-S7.3] asks for a code after the password', async () => {
    const person = await anEnrolledPerson(test);
    const { client, challengeToken } = await challenged(test, person);
    const response = await client.post('/auth/two-factor', { challengeToken, code: person.codeNow() });
    expect(response.body).toMatchObject({ status: 'authenticated', user: { twoFactorEnabled: true } });
    expect(response.status).toBe(200);
    const { accessToken } = response.body as { accessToken: string };
    expect(claimsOf(accessToken)['amr']).toEqual(['pwd', 'otp', 'mfa']);
  });

  const proofs = [
    ['a code', (person: Awaited<ReturnType<typeof anEnrolledPerson>>) => ({ code: person.codeNow() })],
    [
      'a backup code',
      (person: Awaited<ReturnType<typeof anEnrolledPerson>>) => ({ backupCode: person.backupCodes[3] }),
    ],
  ] as const;
  it.each(proofs)(
    '[L-S7.4] is turned off with %s, and sign-in is single-step afterwards',
    async (_what, proofOf) => {
      const person = await anEnrolledPerson(test);
      expectProblem(await person.client.post('/two-factor/disable', {}), 400, 'VALIDATION_FAILED');
      const wrong = await person.client.post('/two-factor/disable', { backupCode: '0000-0000-0000-0000' });
      expectProblem(wrong, 401, 'TWO_FACTOR_CODE_REFUSED');
      expect((await person.client.post('/two-factor/disable', proofOf(person))).status).toBe(204);
      expect(await statusOf(person)).toEqual({ enabled: false, confirmedAt: null, backupCodesLeft: 0 });
      expect((await test.client().login(person)).body).toMatchObject({ status: 'authenticated' });
      expect(await test.database.client.totpFactor.count({ where: { userId: person.id } })).toBe(0);
      expect(await eventsOf(test, 'two_factor.disabled', person)).toBe(1);
      const again = await person.client.post('/two-factor/disable', { code: '123456' });
      expectProblem(again, 409, 'TWO_FACTOR_NOT_ENABLED');
    },
  );

  it('[L-S7.4] can be enrolled anew after it was turned off', async () => {
    const person = await anEnrolledPerson(test);
    await person.client.post('/two-factor/disable', { code: person.codeNow() });
    const again = await enrol(test, person);
    expect(
      (await prove(test, { challengeToken: await openChallenge(test, again), code: again.codeNow() })).status,
    ).toBe(200);
  });

  it('needs a fresh proof to be turned off and for new backup codes', async () => {
    const person = await anEnrolledPerson(test);
    test.clock.advanceSeconds(601);
    await person.client.refresh();
    for (const path of ['/two-factor/disable', '/two-factor/backup-codes'])
      expectProblem(await person.client.post(path, { code: person.codeNow() }), 403, 'STEP_UP_REQUIRED');
    // Nothing was spent by the refusals.
    const stepUp = await person.client.post('/auth/step-up', { code: person.codeNow() });
    expect(stepUp.status).toBe(200);
  });

  it('is a step-up: a fresh code renews auth_time, once', async () => {
    const person = await anEnrolledPerson(test);
    test.clock.advanceSeconds(601);
    await person.client.refresh();
    const code = person.codeNow();
    const stepUp = await person.client.post('/auth/step-up', { code });
    expect(stepUp.status).toBe(200);
    const { accessToken } = stepUp.body as { accessToken: string };
    expect(claimsOf(accessToken)['auth_time']).toBe(test.clock.now().getTime() / 1000);
    expectProblem(await person.client.post('/auth/step-up', { code }), 401, 'TWO_FACTOR_CODE_REFUSED');
    person.client.accessToken = accessToken;
    expect((await person.client.delete('/two-factor/devices')).status).toBe(200);
    // [F-20] Replacing the factor wants a code of its own.
    expectProblem(await person.client.post('/two-factor/setup'), 403, 'STEP_UP_REQUIRED');
    const plain = await aSignedInUser(test);
    expectProblem(await plain.client.post('/auth/step-up', { code }), 409, 'TWO_FACTOR_NOT_ENABLED');
  });

  it("[F-24] [F-20] wrong codes of a thief's session end it, and lock out nobody", async () => {
    const person = await anEnrolledPerson(test);
    const thief = person.client;
    const wrong = [
      () => thief.post('/auth/step-up', { code: wrongCode(person) }),
      () => thief.post('/two-factor/setup', { backupCode: '0000-0000-0000-0000' }),
      () => thief.post('/two-factor/disable', { code: wrongCode(person) }),
      () => thief.post('/two-factor/backup-codes', { code: wrongCode(person) }),
    ];
    for (let attempt = 0; attempt < 10; attempt += 1)
      expectProblem(await wrong[attempt % 4]!(), 401, 'TWO_FACTOR_CODE_REFUSED');
    for (let attempt = 0; attempt < 10; attempt += 1)
      expectProblem(await wrong[attempt % 4]!(), 401, 'SESSION_ENDED');
    expect(await eventsOf(test, 'proof.refused', person)).toBe(10);
    const owner = await challenged(test, person);
    const { challengeToken } = owner;
    const login = await prove(test, { challengeToken, code: person.codeNow() }, owner.client);
    expect(login.body).toMatchObject({ status: 'authenticated' });
    test.clock.advanceSeconds(30);
    expect((await owner.client.post('/auth/step-up', { code: person.codeNow() })).status).toBe(200);
    // A spent code is a wrong one.
    expectProblem(
      await owner.client.post('/auth/step-up', { code: person.codeNow() }),
      401,
      'TWO_FACTOR_CODE_REFUSED',
    );
    expectProblem(await owner.client.get('/users/me'), 401, 'SESSION_ENDED');
  });

  it('[F-24] [F-20] is not guessed in session after session of a remembered browser', async () => {
    const person = await anEnrolledPerson(test);
    const { cookies } = await signInWithCode(test, person, { rememberDevice: true });
    const signedInAgain = async () => {
      const client = test.client();
      for (const name of ['remember', 'device']) client.cookies.set(name, cookies.get(name)!);
      const { body } = await client.login(person);
      cookies.set('remember', client.cookies.get('remember') ?? cookies.get('remember')!);
      return { client, status: body.status as string };
    };
    const { client: first } = await signedInAgain();
    for (let attempt = 0; attempt < 9; attempt += 1)
      await first.post('/two-factor/disable', { code: wrongCode(person) });
    const { client: second, status } = await signedInAgain();
    expect(status).toBe('authenticated');
    const tenth = await second.post('/two-factor/disable', { code: wrongCode(person) });
    expectProblem(tenth, 401, 'TWO_FACTOR_CODE_REFUSED');
    expect((await signedInAgain()).status).toBe('two_factor_required');
  });

  it('[L-S7.2] is removed by an administrator: sessions end, sign-in is single-step, the trail says so', async () => {
    const admin = await aSignedInAdmin(test);
    const person = await anEnrolledPerson(test, { organizationId: admin.organizationId });
    const path = `/users/${person.id}/two-factor`;
    const stranger = await aSignedInAdmin(test);
    expectProblem(await stranger.client.delete(path), 404, 'NOT_FOUND');
    expectProblem(await person.client.delete(path), 403, 'FORBIDDEN');
    expect((await admin.client.delete(path)).status).toBe(204);
    expectProblem(await person.client.get('/users/me'), 401, 'SESSION_ENDED');
    expect((await test.client().login(person)).body).toMatchObject({ status: 'authenticated' });
    expect((await admin.client.delete(path)).status).toBe(204);
    expect(await eventsOf(test, 'two_factor.removed_by_admin', person)).toBe(1);
    const [event] = await test.database.client.securityEvent.findMany({
      where: { action: 'two_factor.removed_by_admin', targetId: person.id },
    });
    expect(event).toMatchObject({ actorId: admin.id, organizationId: admin.organizationId });
    const ended = { userId: person.id, endReason: 'FACTOR_REMOVED' as const };
    expect(await test.database.client.session.count({ where: ended })).toBe(1);
    test.clock.advanceSeconds(601);
    await admin.client.refresh();
    expectProblem(await admin.client.delete(path), 403, 'STEP_UP_REQUIRED');
  });

  it('cannot be removed by an administrator from their own account', async () => {
    const admin = await anEnrolledPerson(test, { role: 'ADMIN' });
    expectProblem(await admin.client.delete(`/users/${admin.id}/two-factor`), 403, 'FORBIDDEN');
    expect(await statusOf(admin)).toMatchObject({ enabled: true });
  });

  it('leaves a trail of every act, and no secret in it nor in the log', async () => {
    const person = await anEnrolledPerson(test);
    const challengeToken = await openChallenge(test, person);
    await prove(test, { challengeToken, backupCode: person.backupCodes[0], rememberDevice: true });
    await person.client.post('/two-factor/backup-codes', { code: person.codeNow() });
    test.clock.advanceSeconds(30);
    await person.client.post('/two-factor/disable', { code: person.codeNow() });
    const events = await test.database.client.securityEvent.findMany({
      where: { targetId: person.id },
      orderBy: { id: 'asc' },
    });
    const actions = events.map(({ action }) => action).filter((action) => action !== 'session.started');
    expect(actions).toEqual([
      'two_factor.enabled',
      'two_factor.backup_code_used',
      'remembered_device.trusted',
      'two_factor.backup_codes_replaced',
      'two_factor.disabled',
    ]);
    for (const event of events)
      expect(event).toMatchObject({ actorId: person.id, ipAddress: expect.any(String) });
    const written = asText(events) + test.logLines.join('');
    for (const secret of [person.secret, challengeToken, ...person.backupCodes])
      expect(written).not.toContain(secret);
    expect(await sessionsOf(test, person)).toBe(2);
  });
});

/** A code that differs from this one. */
function otherThan(code: string): string {
  return code === '000000' ? '000001' : '000000';
}
