import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { createRotatingToken } from '../../src/platform/crypto/rotating-token.js';
import {
  aForcedChange,
  aPerson,
  aSignedInAdmin,
  aSignedInUser,
  signIn,
  type SignedIn,
} from '../factories/people.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { send, type Answer } from './attack.js';
import { NO_LIMITS } from '../support/no-limits.js';

type Json = Record<string, unknown>;

let test: TestApp;
beforeAll(async () => {
  test = await startTestApp({ environment: NO_LIMITS });
});
afterAll(() => test.close());

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part: string | undefined): Json =>
  JSON.parse(Buffer.from(part!, 'base64url').toString('utf8')) as Json;

function es256(header: Json, claims: Json, key: KeyObject): string {
  const content = `${encode(header)}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(content), { key, dsaEncoding: 'ieee-p1363' });
  return `${content}.${signature.toString('base64url')}`;
}

/** A genuine token in parts, to change one of them. */
function partsOf(token: string | undefined): { header: Json; claims: Json; signature: string } {
  const [header, claims, signature] = token!.split('.');
  return { header: decode(header), claims: decode(claims), signature: signature! };
}

function me(token: string): Promise<Answer> {
  return send(test, { method: 'GET', path: '/users/me', token });
}

async function expectRefused(token: string, code = 'UNAUTHENTICATED', label = ''): Promise<void> {
  const answer = await me(token);
  expect({ label, status: answer.status, code: answer.json['code'] }).toEqual({ label, status: 401, code });
}

function ourKey(): KeyObject {
  return test.config.signingKeys.current.privateKey;
}

describe('an access token', () => {
  it('is accepted when we sign the same parts again, which shows that the forgeries below fail for their own reason', async () => {
    const { client } = await aSignedInUser(test);
    const { header, claims } = partsOf(client.accessToken);
    expect(header).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
    expect((await me(es256(header, claims, ourKey()))).status).toBe(200);
  });

  it('without a signature is refused [V9.1.1] [V9.1.2]', async () => {
    const { client } = await aSignedInUser(test);
    const { header, claims, signature } = partsOf(client.accessToken);
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '', null, undefined, ['none'], { alg: 'none' }]) {
      const content = `${encode({ ...header, alg })}.${encode(claims)}`;
      for (const ending of ['', signature])
        await expectRefused(`${content}.${ending}`, undefined, String(alg));
    }
    const [head, body] = client.accessToken!.split('.');
    for (const cut of [
      `${head}.${body}`,
      `${head}.${body}.`,
      `${head}..${signature}`,
      `.${body}.${signature}`,
      '...',
      '.',
      'x',
    ])
      await expectRefused(cut, undefined, cut.slice(-20));
  });

  it('signed as HS256 with the public key as the secret is refused [V9.1.2]', async () => {
    const { client } = await aSignedInUser(test);
    const { header, claims } = partsOf(client.accessToken);
    const { publicKey, publicJwk } = test.config.signingKeys.current;
    const pem = publicKey.export({ type: 'spki', format: 'pem' });
    const secrets = [
      pem,
      String(pem).trim(),
      publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(publicJwk),
    ];
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      for (const secret of secrets) {
        const content = `${encode({ ...header, alg })}.${encode(claims)}`;
        const tag = createHmac(alg.replace('HS', 'sha'), secret).update(content).digest('base64url');
        await expectRefused(`${content}.${tag}`, undefined, alg);
      }
    }
  });

  it('that brings its own key is refused: jwk, jku, x5u, x5c, a foreign kid, our kid [V9.1.3]', async () => {
    const { client } = await aSignedInUser(test);
    const { header, claims } = partsOf(client.accessToken);
    const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = attacker.publicKey.export({ format: 'jwk' });
    const der = attacker.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const headers: Json[] = [
      header,
      { ...header, jwk },
      { ...header, jwk: { ...jwk, kid: header['kid'] } },
      { ...header, jku: 'https://evil.example/jwks.json' },
      { ...header, x5u: 'https://evil.example/cert.pem' },
      { ...header, x5c: [der] },
      { ...header, kid: 'evil', jwk: { ...jwk, kid: 'evil' } },
      { ...header, kid: '../../../../dev/null' },
      { ...header, kid: "' OR 1=1 --" },
      { ...header, kid: '__proto__' },
      { ...header, kid: null },
      { ...header, kid: [header['kid']] },
      { ...header, kid: undefined },
    ];
    for (const forged of headers) {
      await expectRefused(es256(forged, claims, attacker.privateKey), undefined, JSON.stringify(forged));
    }
    // Not even with our own key under a name that is not ours.
    await expectRefused(es256({ ...header, kid: 'evil' }, claims, ourKey()));
  });

  it('of another kind or another algorithm is refused, though our key signed it [V9.2.2]', async () => {
    const { client } = await aSignedInUser(test);
    const { header, claims } = partsOf(client.accessToken);
    for (const typ of [
      'JWT',
      'jwt',
      'application/at+jwt',
      'AT+JWT',
      'id+jwt',
      '',
      null,
      undefined,
      ['at+jwt'],
    ])
      await expectRefused(es256({ ...header, typ }, claims, ourKey()), undefined, String(typ));
    for (const alg of ['ES384', 'ES512', 'RS256', 'PS256', 'EdDSA', 'es256'])
      await expectRefused(es256({ ...header, alg }, claims, ourKey()), undefined, alg);
  });

  it('that calls an extension critical is refused: we know none (RFC 7515 §4.1.11) [F-32]', async () => {
    const { client } = await aSignedInUser(test);
    const { header, claims } = partsOf(client.accessToken);
    for (const crit of [['exp'], ['b64'], ['urn:unknown'], [], 'exp', null])
      await expectRefused(es256({ ...header, crit }, claims, ourKey()), undefined, JSON.stringify(crit));
  });

  it('of another issuer or for another audience is refused [V9.2.3]', async () => {
    const { client } = await aSignedInUser(test);
    const { header, claims } = partsOf(client.accessToken);
    const wrong = [
      'https://evil.example',
      `${test.config.publicUrl}/`,
      test.config.publicUrl.toUpperCase(),
      '',
      null,
      undefined,
      0,
    ];
    for (const value of wrong) {
      await expectRefused(es256(header, { ...claims, iss: value }, ourKey()), undefined, `iss ${value}`);
      await expectRefused(es256(header, { ...claims, aud: value }, ourKey()), undefined, `aud ${value}`);
    }
  });

  it('outside of its time is refused [V9.2.1]', async () => {
    const { client } = await aSignedInUser(test);
    const { header, claims } = partsOf(client.accessToken);
    const now = Math.floor(test.clock.now().getTime() / 1000);
    const wrong: Json[] = [
      { exp: now },
      { exp: now - 1 },
      { exp: 0 },
      { exp: -1 },
      { exp: String(now + 600) },
      { exp: now + 0.5 },
      { exp: 1e300 },
      { exp: null },
      { iat: now + 6 },
      { iat: now + 3600 },
      { iat: String(now) },
    ];
    for (const change of wrong)
      await expectRefused(
        es256(header, { ...claims, ...change }, ourKey()),
        undefined,
        JSON.stringify(change),
      );
    expect((await me(es256(header, { ...claims, iat: now + 5 }, ourKey()))).status).toBe(200);
  });

  it('that lacks a claim, or holds one of the wrong form, is refused', async () => {
    const { client } = await aSignedInUser(test);
    const { header, claims } = partsOf(client.accessToken);
    for (const name of ['iss', 'aud', 'sub', 'sid', 'org', 'amr', 'auth_time', 'iat', 'exp']) {
      for (const value of [undefined, null, {}, [], "' OR 1=1", true]) {
        if (name === 'amr' && Array.isArray(value)) continue;
        await expectRefused(
          es256(header, { ...claims, [name]: value }, ourKey()),
          undefined,
          `${name} ${String(value)}`,
        );
      }
    }
    for (const payload of [null, [], 'text', 1]) {
      const content = `${encode(header)}.${encode(payload)}`;
      const signature = sign('sha256', Buffer.from(content), { key: ourKey(), dsaEncoding: 'ieee-p1363' });
      await expectRefused(`${content}.${signature.toString('base64url')}`, undefined, String(payload));
    }
  });

  it('whose person, session and organization do not belong together is refused [A-5]', async () => {
    const mine = await aSignedInUser(test);
    const theirs = await aSignedInAdmin(test);
    const { header, claims } = partsOf(mine.client.accessToken);
    const other = partsOf(theirs.client.accessToken).claims;
    for (const change of [
      { sub: other['sub'] },
      { sid: other['sid'] },
      { org: other['org'] },
      { sub: other['sub'], org: other['org'] },
    ])
      await expectRefused(
        es256(header, { ...claims, ...change }, ourKey()),
        'SESSION_ENDED',
        Object.keys(change).join(),
      );
  });

  it('gives no right by its role claim: the database decides [V8.3.2] [O-3]', async () => {
    const { client } = await aSignedInUser(test);
    const { header, claims } = partsOf(client.accessToken);
    const token = es256(header, { ...claims, role: 'ADMIN' }, ourKey());
    const answer = await send(test, { method: 'GET', path: '/users', token });
    expect(answer).toMatchObject({ status: 403, json: { code: 'FORBIDDEN' } });
  });

  it('with one flipped bit anywhere is refused', async () => {
    const { client } = await aSignedInUser(test);
    const [header, claims, signature] = client.accessToken!.split('.') as [string, string, string];
    const bytes = Buffer.from(signature, 'base64url');
    for (let index = 0; index < bytes.length; index += 1) {
      const flipped = Buffer.from(bytes);
      flipped[index]! ^= 1 << (index % 8);
      await expectRefused(`${header}.${claims}.${flipped.toString('base64url')}`, undefined, `byte ${index}`);
    }
    const zero = Buffer.alloc(64).toString('base64url');
    await expectRefused(`${header}.${claims}.${zero}`, undefined, 'r = s = 0 (CVE-2022-21449)');
  });

  it('counts only in the Authorization header', async () => {
    const { client } = await aSignedInUser(test);
    const token = client.accessToken!;
    const carriers: { path: string; headers: Record<string, string> }[] = [
      { path: `/users/me?access_token=${token}`, headers: {} },
      { path: '/users/me', headers: { Cookie: `access_token=${token}; Authorization=Bearer ${token}` } },
      { path: '/users/me', headers: { 'X-Access-Token': token } },
      { path: '/users/me', headers: { Authorization: token } },
      { path: '/users/me', headers: { Authorization: `Basic ${token}` } },
      { path: '/users/me', headers: { Authorization: `Bearer ${token}, Bearer ${token}` } },
    ];
    for (const carrier of carriers) {
      const answer = await send(test, { method: 'GET', ...carrier });
      expect([400, 401]).toContain(answer.status);
    }
  });
});

describe('a genuine access token bites no longer', () => {
  it.each<[string, string, (admin: SignedIn, person: SignedIn) => Promise<{ status: number }>]>([
    ['its session is revoked', 'V7.4.1', (_admin, person) => person.client.delete('/sessions?keep=none')],
    ['it is signed out', 'V7.4.1', (_admin, person) => person.client.post('/auth/logout')],
    [
      'an administrator ends the sessions',
      'V7.4.5',
      (admin, { id }) => admin.client.delete(`/users/${id}/sessions`),
    ],
    [
      'the account is suspended',
      'V7.4.2',
      (admin, { id }) => admin.client.patch(`/users/${id}`, { status: 'SUSPENDED' }),
    ],
    ['the account is deleted', 'V7.4.2', (admin, { id }) => admin.client.delete(`/users/${id}`)],
    [
      'a temporary password is issued',
      'L-S8.2',
      (admin, { id }) => admin.client.post(`/admin/password-resets/${id}/temporary-password`),
    ],
  ])('after %s [%s]', async (_event, _row, end) => {
    const admin = await aSignedInAdmin(test);
    const person = await signIn(test, await aPerson(test, { organizationId: admin.organizationId }));
    const token = person.client.accessToken!;
    const refresh = new Map(person.client.cookies);
    expect((await me(token)).status).toBe(200);
    expect((await end(admin, person)).status).toBeLessThan(300);
    await expectRefused(token, 'SESSION_ENDED');
    for (const [name, value] of refresh) person.client.cookies.set(name, value);
    expect((await person.client.refresh()).status).toBe(401);
  });
});

describe('a refresh token', () => {
  async function refreshWith(value: string): Promise<Answer> {
    const headers = { Cookie: `refresh=${value}`, 'X-Requested-With': 'test' };
    return send(test, { method: 'POST', path: '/auth/refresh', headers });
  }

  it('with one changed bit in any of its bytes is refused, and harms nobody', async () => {
    const { client } = await aSignedInUser(test);
    const genuine = client.cookies.get('refresh')!;
    const bytes = Buffer.from(genuine, 'base64url');
    expect(bytes).toHaveLength(52);
    for (let index = 0; index < bytes.length; index += 1) {
      const flipped = Buffer.from(bytes);
      flipped[index]! ^= 1 << (index % 8);
      const answer = await refreshWith(flipped.toString('base64url'));
      expect({ index, status: answer.status, code: answer.json['code'] }).toEqual({
        index,
        status: 401,
        code: 'UNAUTHENTICATED',
      });
    }
    expect((await client.refresh()).status).toBe(200);
  });

  it('is accepted in its one spelling only [V1.1.1]', async () => {
    const { client } = await aSignedInUser(test);
    const genuine = client.cookies.get('refresh')!;
    const last = genuine.at(-1)!;
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    // 52 bytes fill 69 and a third characters: the last one has bits that a lenient decoder ignores.
    const twin = alphabet[alphabet.indexOf(last) + 1]!;
    expect(Buffer.from(genuine.slice(0, -1) + twin, 'base64url')).toEqual(Buffer.from(genuine, 'base64url'));
    const spellings = [
      genuine.slice(0, -1) + twin,
      `${genuine}=`,
      `${genuine}==`,
      `${genuine}A`,
      genuine.slice(0, -1),
      ` ${genuine}x`,
      `"${genuine}x"`,
      `${genuine}%00`,
      '',
    ];
    for (const spelling of spellings) {
      const answer = await refreshWith(spelling);
      expect({ spelling, status: answer.status }).toEqual({ spelling, status: 401 });
    }
    expect((await client.refresh()).status).toBe(200);
  });

  it('cannot be computed for another counter or session without our key', async () => {
    const { client } = await aSignedInUser(test);
    const victim = await aSignedInUser(test);
    const mine = Buffer.from(client.cookies.get('refresh')!, 'base64url');
    const theirs = Buffer.from(victim.client.cookies.get('refresh')!, 'base64url');
    const otherCounter = Buffer.from(mine);
    otherCounter.writeUInt32BE(1, 16);
    const otherSession = Buffer.concat([theirs.subarray(0, 20), mine.subarray(20)]);
    const foreignKey = createRotatingToken(
      'refresh token',
      { id: 'evil', bytes: Buffer.alloc(32, 7) },
      { id: String(partsOf(victim.client.accessToken).claims['sid']), counter: 0 },
    );
    for (const forged of [otherCounter, otherSession])
      expect((await refreshWith(forged.toString('base64url'))).status).toBe(401);
    expect((await refreshWith(foreignKey)).status).toBe(401);
    expect((await victim.client.refresh()).status).toBe(200);
  });

  it('of a counter that was never reached is refused and harms nobody, even when it is genuine', async () => {
    const { client } = await aSignedInUser(test);
    const sessionId = String(partsOf(client.accessToken).claims['sid']);
    for (const counter of [1, 2, 2 ** 31 - 1]) {
      const early = createRotatingToken('refresh token', test.config.tokenKeys.current, {
        id: sessionId,
        counter,
      });
      const answer = await refreshWith(early);
      expect({ counter, status: answer.status }).toEqual({ counter, status: 401 });
    }
    expect((await client.refresh()).status).toBe(200);
  });
});

describe('every token opens its own door only [V9.2.2]', () => {
  it('a challenge token is no access token and no refresh token', async () => {
    const { challengeToken } = await aForcedChange(test);
    await expectRefused(challengeToken);
    const headers = { Cookie: `refresh=${challengeToken}`, 'X-Requested-With': 'test' };
    expect((await send(test, { method: 'POST', path: '/auth/refresh', headers })).status).toBe(401);
  });

  it('access and refresh tokens are no challenge tokens, and not each other', async () => {
    const { client } = await aSignedInUser(test);
    const refresh = client.cookies.get('refresh')!;
    for (const challengeToken of [
      refresh,
      client.accessToken!.replaceAll('.', '_'),
      client.accessToken!.split('.')[2]!,
    ]) {
      const body = JSON.stringify({
        challengeToken: challengeToken.slice(0, 512),
        newPassword: 'Perahu_tenang9 batu',
      });
      const answer = await send(test, { method: 'POST', path: '/auth/password-change', body });
      expect(answer).toMatchObject({ status: 401, json: { code: 'CHALLENGE_REFUSED' } });
    }
    await expectRefused(refresh);
    const headers = { Cookie: `refresh=${client.accessToken}`, 'X-Requested-With': 'test' };
    expect((await send(test, { method: 'POST', path: '/auth/refresh', headers })).status).toBe(401);
  });

  it('a spent, an outdated and a foreign challenge are refused alike', async () => {
    const { challengeToken, admin, person } = await aForcedChange(test);
    const change = (token: string) =>
      send(test, {
        method: 'POST',
        path: '/auth/password-change',
        body: JSON.stringify({ challengeToken: token, newPassword: 'Perahu_tenang9 batu langit' }),
      });
    const unknown = await change('A'.repeat(43));
    await admin.client.post(`/admin/password-resets/${person.id}/temporary-password`);
    const outdated = await change(challengeToken);
    for (const answer of [unknown, outdated])
      expect(answer).toMatchObject({
        status: 401,
        json: { code: 'CHALLENGE_REFUSED', detail: unknown.json['detail'] },
      });
  });
});
