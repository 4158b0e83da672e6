import argon2 from 'argon2';
import { OPERATOR } from '../../src/platform/passwords/hash-caller.js';
import { PasswordHasher } from '../../src/platform/passwords/password-hasher.js';
import { aPerson, aSignedInUser, GOOD_PASSWORD } from '../factories/people.js';
import { expectProblem, faultsOf, withoutRequestId } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { claimsOf, headerOf } from '../support/tokens.js';

describe('sign-in', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test.close());

  const login = (email: string, password: string) => test.client().login({ email, password });
  const hash = (password: string) => test.app.get(PasswordHasher).hash(password, OPERATOR);

  it('answers with an access token and the account, and sets the refresh cookie [O-2]', async () => {
    const person = await aPerson(test);
    const client = test.client();
    const response = await client.login(person);
    expect(response.status).toBe(200);
    expect(response.body).toEqual({
      status: 'authenticated',
      accessToken: expect.any(String),
      tokenType: 'Bearer',
      expiresInSeconds: 600,
      user: {
        id: person.id,
        email: person.email,
        name: expect.any(String),
        locale: 'en',
        role: 'USER',
        status: 'ACTIVE',
        hasPassword: true,
        mustChangePassword: false,
        temporaryPassword: null,
        passwordResetRequested: false,
        passwordResetRequestDate: null,
        twoFactorEnabled: false,
        lastLoginAt: test.clock.now().toISOString(),
        createdAt: expect.any(String),
        updatedAt: expect.any(String),
        organization: { id: person.organizationId, name: 'Toko Sejahtera' },
        tokenBalance: 0,
      },
    });
    expect((await client.get('/users/me')).body).toMatchObject({ id: person.id });
  });

  it('hides the refresh token in an opaque, strict, script-invisible cookie [L-S10] [V3.3.2] [V3.3.4]', async () => {
    const person = await aPerson(test);
    const response = await test.client().login(person);
    const cookies = response.headers['set-cookie'] as unknown as string[];
    expect(cookies).toHaveLength(2);
    expect(cookies[0]).toMatch(
      /^refresh=[A-Za-z0-9_-]{70}; Max-Age=86400; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    expect(cookies[1]).toMatch(
      /^device=[A-Za-z0-9_-]{72}; Max-Age=31536000; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    expect(response.text).not.toContain(/^refresh=([^;]+)/.exec(cookies[0]!)![1]);
  });

  it('signs access tokens with ES256 and the claims of RFC 9068 [A-2]', async () => {
    const { client, id, organizationId } = await aSignedInUser(test);
    const now = Math.floor(test.clock.now().getTime() / 1000);
    expect(headerOf(client.accessToken!)).toEqual({
      alg: 'ES256',
      typ: 'at+jwt',
      kid: test.config.signingKeys.current.kid,
    });
    expect(claimsOf(client.accessToken!)).toEqual({
      iss: 'http://localhost:3000',
      aud: 'http://localhost:3000',
      sub: id,
      sid: expect.any(String),
      org: organizationId,
      role: 'USER',
      amr: ['pwd'],
      auth_time: now,
      iat: now,
      exp: now + 600,
      jti: expect.any(String),
    });
  });

  it('gives one answer for every reason to refuse [V6.3.8]', async () => {
    const person = await aPerson(test);
    const suspended = await aPerson(test, { status: 'SUSPENDED' });
    const passwordless = await aPerson(test, { passwordHash: null });
    const expired = await aPerson(test, {
      mustChangePassword: true,
      temporaryPasswordExpiresAt: test.clock.now(),
    });
    const refusals = [
      await login(person.email, 'Wrong-kuda7 lepas'),
      await login('nobody@example.com', GOOD_PASSWORD),
      await login(suspended.email, GOOD_PASSWORD),
      await login(passwordless.email, GOOD_PASSWORD),
      await login(expired.email, GOOD_PASSWORD),
    ];
    for (const refusal of refusals) {
      expectProblem(refusal, 401, 'INVALID_CREDENTIALS');
      expect(refusal.headers['set-cookie']).toBeUndefined();
      expect(withoutRequestId(refusal)).toEqual(withoutRequestId(refusals[0]!));
      expect(Object.keys(refusal.headers)).toEqual(Object.keys(refusals[0]!.headers));
    }
  });

  it('compares the password exactly as it was typed', async () => {
    const password = ' Café-kuda7 lepas ';
    const person = await aPerson(test, { passwordHash: await hash(password) });
    for (const other of [password.trim(), password.normalize('NFD'), password.toUpperCase(), `${password} `])
      expectProblem(await login(person.email, other), 401, 'INVALID_CREDENTIALS');
    expect((await login(person.email, password)).status).toBe(200);
  });

  it('reads every byte of a long password: nothing is cut off after 72', async () => {
    const password = `Kuda-lepas7 ${'meja hijau '.repeat(10)}`;
    const person = await aPerson(test, { passwordHash: await hash(password) });
    expectProblem(await login(person.email, `${password.slice(0, -1)}x`), 401, 'INVALID_CREDENTIALS');
    expect((await login(person.email, password)).status).toBe(200);
  });

  it('takes an address in any case, with spaces around it', async () => {
    const person = await aPerson(test);
    const response = await login(`  ${person.email.toUpperCase()} `, person.password);
    expect(response.body).toMatchObject({ status: 'authenticated', user: { email: person.email } });
  });

  it('replaces a hash of weaker settings at the next sign-in [O-9]', async () => {
    const weak = await argon2.hash(GOOD_PASSWORD, { memoryCost: 8192, timeCost: 2, parallelism: 1 });
    const person = await aPerson(test, { passwordHash: weak });
    expect((await login(person.email, GOOD_PASSWORD)).status).toBe(200);
    const { passwordHash } = await test.database.client.user.findUniqueOrThrow({ where: { id: person.id } });
    expect(passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect((await login(person.email, GOOD_PASSWORD)).status).toBe(200);
  });

  it('refuses unknown fields, wrong types, null and missing fields [A-6]', async () => {
    const person = await aPerson(test);
    const post = (body: object | string) => test.client().post('/auth/login', body);
    const good = { email: person.email, password: person.password };
    expect(faultsOf(await post({}))).toEqual(['email:wrong_form', 'password:wrong_type']);
    expect(faultsOf(await post({ ...good, admin: true }))).toEqual(['admin:unknown_field']);
    expect(faultsOf(await post({ ...good, password: null }))).toEqual(['password:wrong_type']);
    expect(faultsOf(await post({ ...good, password: ['x'] }))).toEqual(['password:wrong_type']);
    expect(faultsOf(await post({ ...good, email: { contains: '@' } }))).toEqual(['email:wrong_form']);
    expectProblem(await post('[]'), 415, 'UNSUPPORTED_MEDIA_TYPE');
    const json = { 'Content-Type': 'application/json' };
    expectProblem(await test.client().post('/auth/login', '{"a":', json), 400, 'MALFORMED_BODY');
    expectProblem(await test.client().post('/auth/login', '[]', json), 400, 'VALIDATION_FAILED');
    expectProblem(await test.client().post('/auth/login?next=/', good), 400, 'VALIDATION_FAILED');
  });

  it('writes neither password nor token to the log [A-10]', async () => {
    const { client, password } = await aSignedInUser(test);
    await login('nobody@example.com', 'Secret-kuda7 lepas');
    const log = test.logLines.join('');
    expect(log).toContain('/auth/login');
    for (const secret of [
      password,
      'Secret-kuda7 lepas',
      client.accessToken!,
      client.cookies.get('refresh')!,
    ])
      expect(log).not.toContain(secret);
  });
});
