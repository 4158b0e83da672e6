import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { generateSecret } from '../../src/platform/config/development-secrets.js';
import { aPerson, aSignedInUser, signIn } from '../factories/people.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { openTestDatabase } from '../support/test-database.js';
import { headerOf } from '../support/tokens.js';

type Keys = { keys: (JsonWebKey & { kid: string })[] };

describe('the published keys', () => {
  const [older, newer] = [generateSecret('JWT_PRIVATE_KEYS'), generateSecret('JWT_PRIVATE_KEYS')];
  let before: TestApp;
  let after: TestApp;
  beforeAll(async () => {
    const connection = await openTestDatabase();
    const shared = { ...connection, close: () => Promise.resolve() };
    before = await startTestApp({ connection: shared, environment: { JWT_PRIVATE_KEYS: older } });
    after = await startTestApp({
      connection,
      clock: before.clock,
      environment: { JWT_PRIVATE_KEYS: `${newer}\n${older}` },
    });
  });
  afterAll(async () => {
    await before.close();
    await after.close();
  });

  const keysOf = async (test: TestApp) => {
    const response = await test.client().get('/.well-known/jwks.json');
    expect(response.status).toBe(200);
    return (response.body as Keys).keys;
  };

  it('hold nothing but public members', async () => {
    for (const key of await keysOf(after)) {
      expect(key).toEqual({
        kty: 'EC',
        crv: 'P-256',
        x: expect.any(String),
        y: expect.any(String),
        kid: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
        alg: 'ES256',
        use: 'sig',
      });
    }
  });

  it('may be kept for five minutes, and by anybody [F-66]', async () => {
    const { headers } = await after.client().get('/.well-known/jwks.json');
    expect(headers['cache-control']).toBe('public, max-age=300');
  });

  it('let another service verify an access token on its own [A-2]', async () => {
    const { client } = await aSignedInUser(after);
    const [header, payload, signature] = client.accessToken!.split('.') as [string, string, string];
    const jwk = (await keysOf(after)).find(({ kid }) => kid === headerOf(client.accessToken!)['kid'])!;
    const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const };
    const content = Buffer.from(`${header}.${payload}`);
    expect(verify('sha256', content, key, Buffer.from(signature, 'base64url'))).toBe(true);
  });

  it('keep the older key for tokens signed before a change, and sign with the newest', async () => {
    const person = await aPerson(before);
    const early = await signIn(before, person);
    const late = await signIn(after, person);
    const [newest, oldest] = await keysOf(after);
    expect(headerOf(late.client.accessToken!)['kid']).toBe(newest!.kid);
    expect(headerOf(early.client.accessToken!)['kid']).toBe(oldest!.kid);
    const bearer = { Authorization: `Bearer ${early.client.accessToken!}` };
    expect((await after.client().get('/users/me', bearer)).status).toBe(200);
  });
});
