import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { aSignedInAdmin, aSignedInUser } from '../factories/people.js';
import { expectProblem } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { claimsOf, headerOf, toPart } from '../support/tokens.js';

describe('access tokens', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test.close());

  const bearer = (token: string) => test.client().get('/users/me', { Authorization: `Bearer ${token}` });
  const es256 = (header: object, claims: object, key = test.config.signingKeys.current.privateKey) => {
    const content = `${toPart(header)}.${toPart(claims)}`;
    const signature = sign('sha256', Buffer.from(content), { key, dsaEncoding: 'ieee-p1363' });
    return `${content}.${signature.toString('base64url')}`;
  };

  it('are demanded by every route for people [A-2]', async () => {
    for (const path of ['/users/me', '/users', '/sessions', '/admin/password-resets'])
      expectProblem(await test.client().get(path), 401, 'UNAUTHENTICATED');
  });

  it('are refused when anything about them was made up [V9.1.1] [V9.1.2] [V9.1.3]', async () => {
    const { client } = await aSignedInUser(test);
    const token = client.accessToken!;
    const header = headerOf(token);
    const claims = claimsOf(token);
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const [head, body, signature] = token.split('.') as [string, string, string];
    const publicPem = test.config.signingKeys.current.publicKey.export({ type: 'spki', format: 'pem' });
    const hs256 = `${toPart({ ...header, alg: 'HS256' })}.${body}`;
    expect((await bearer(es256(header, claims))).status).toBe(200);
    const forgeries = {
      none: `${toPart({ ...header, alg: 'none' })}.${body}.`,
      'none with the old signature': `${toPart({ ...header, alg: 'none' })}.${body}.${signature}`,
      'the public key as a secret': `${hs256}.${createHmac('sha256', publicPem).update(hs256).digest('base64url')}`,
      'another key': es256(header, claims, other.privateKey),
      'a key of its own inside': es256(
        { ...header, jwk: other.publicKey.export({ format: 'jwk' }) },
        claims,
        other.privateKey,
      ),
      'an unknown kid': es256({ ...header, kid: 'other' }, claims),
      'no kid': es256({ alg: 'ES256', typ: 'at+jwt' }, claims),
      'another type': es256({ ...header, typ: 'JWT' }, claims),
      'another issuer': es256(header, { ...claims, iss: 'https://evil.example' }),
      'another audience': es256(header, { ...claims, aud: 'https://evil.example' }),
      'an expiry that is past': es256(header, { ...claims, exp: claims['iat'] }),
      'no expiry': es256(header, { ...claims, exp: undefined }),
      'a birth in the future': es256(header, { ...claims, iat: Number(claims['iat']) + 3600 }),
      'an id that is no UUID': es256(header, { ...claims, sid: "x' OR 1=1" }),
      'altered claims': `${head}.${toPart({ ...claims, role: 'ADMIN' })}.${signature}`,
      'no signature': `${head}.${body}.`,
      nothing: '..',
      noise: 'x',
    };
    for (const [name, forgery] of Object.entries(forgeries)) {
      const { status, body: problem } = await bearer(forgery);
      expect({ name, status, code: (problem as { code: string }).code }).toEqual({
        name,
        status: 401,
        code: 'UNAUTHENTICATED',
      });
    }
  });

  it('are refused when the claims point at another person or organization than the session', async () => {
    const { client } = await aSignedInUser(test);
    const stranger = await aSignedInUser(test);
    const claims = claimsOf(client.accessToken!);
    const header = headerOf(client.accessToken!);
    expectProblem(await bearer(es256(header, { ...claims, sub: stranger.id })), 401, 'SESSION_ENDED');
    expectProblem(
      await bearer(es256(header, { ...claims, org: stranger.organizationId })),
      401,
      'SESSION_ENDED',
    );
  });

  it('are read from the Authorization header only', async () => {
    const { client } = await aSignedInUser(test);
    const token = client.accessToken!;
    expectProblem(await test.client().get(`/users?access_token=${token}`), 401, 'UNAUTHENTICATED');
    expectProblem(
      await test.client().get('/users/me', { Cookie: `accessToken=${token}` }),
      401,
      'UNAUTHENTICATED',
    );
    expectProblem(await test.client().get('/users/me', { Authorization: token }), 401, 'UNAUTHENTICATED');
  });

  it('work for 600 seconds [A-2]', async () => {
    const { client } = await aSignedInUser(test);
    test.clock.advanceSeconds(599);
    expect((await client.get('/users/me')).status).toBe(200);
    test.clock.advanceSeconds(1);
    expectProblem(await client.get('/users/me'), 401, 'UNAUTHENTICATED');
  });

  it('give the role that the database has now, not the one they were signed with [O-3] [V8.3.2]', async () => {
    const admin = await aSignedInAdmin(test);
    await test.database.client.user.update({ where: { id: admin.id }, data: { role: 'USER' } });
    expectProblem(await admin.client.get('/users'), 403, 'FORBIDDEN');
    await test.database.client.user.update({ where: { id: admin.id }, data: { role: 'ADMIN' } });
    expect((await admin.client.get('/users')).status).toBe(200);
  });

  it('die with the suspension of their owner, on the next request [V7.4.2]', async () => {
    const { client, id } = await aSignedInUser(test);
    await test.database.client.user.update({ where: { id }, data: { status: 'SUSPENDED' } });
    expectProblem(await client.get('/users/me'), 401, 'SESSION_ENDED');
  });
});
