import { createECDH, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSecret } from './development-secrets.js';
import { ConfigurationError } from './environment-reader.js';
import { loadConfig } from './load-config.js';

const secrets = {
  JWT_PRIVATE_KEYS: generateSecret('JWT_PRIVATE_KEYS'),
  ENCRYPTION_KEYS: generateSecret('ENCRYPTION_KEYS'),
  TOKEN_KEYS: generateSecret('TOKEN_KEYS'),
};
const production = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://benteng.example.com',
  TRUST_PROXY: 'none',
  ...secrets,
};

/** The names of the settings that are at fault, and the whole message. */
function faultsOf(environment: Record<string, string>): { names: string[]; message: string } {
  try {
    loadConfig(environment);
    return { names: [], message: '' };
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    const { faults, message } = error as ConfigurationError;
    return { names: faults.map((fault) => fault.split(':')[0]!), message };
  }
}

describe('settings', () => {
  it('have the defaults of the contract [L-S4] [L-S8.1]', () => {
    expect(loadConfig(secrets)).toMatchObject({
      environment: 'development',
      host: '127.0.0.1',
      port: 3000,
      publicUrl: 'http://localhost:3000',
      databaseUrl: null,
      databaseMigrationUrl: null,
      corsOrigins: [],
      trustedProxies: [],
      forceHttps: false,
      cookieSecure: false,
      registration: 'open',
      limits: {
        LOGIN_IP: { requests: 5, seconds: 60 },
        LOGIN_EMAIL: { requests: 5, seconds: 60 },
        REGISTER: { requests: 3, seconds: 60 },
        FORGOT_PASSWORD: { requests: 3, seconds: 300 },
        WEBHOOK: { requests: 120, seconds: 60 },
        UPLOAD: { requests: 10, seconds: 60 },
        GLOBAL: { requests: 300, seconds: 60 },
      },
      session: { idleSeconds: 18_000, absoluteSeconds: 86_400, maxPerUser: 10 },
      logLevel: 'info',
      apiPrefix: '',
    });
  });

  it('name all faults at once and never a value [L-7] [V13.4.1]', () => {
    const wrong = {
      NODE_ENV: 'staging-x',
      PORT: '70000-x',
      PUBLIC_URL: 'ftp://secret-x',
      DATABASE_URL: 'mysql://user:secret-x@host/db',
      CORS_ORIGINS: 'https://a.example/secret-x',
      TRUST_PROXY: 'secret-x',
      FORCE_HTTPS: 'secret-x',
      COOKIE_SECURE: 'secret-x',
      REGISTRATION: 'secret-x',
      RATE_LIMIT_LOGIN_IP: 'secret-x',
      RATE_LIMIT_GLOBAL: '0/60',
      SESSION_IDLE_SECONDS: '-1',
      MAX_SESSIONS_PER_USER: '0',
      LOG_LEVEL: 'secret-x',
      API_PREFIX: 'secret x',
      JWT_PRIVATE_KEYS: 'secret-x',
      ENCRYPTION_KEYS: 'secret-x',
      TOKEN_KEYS: 'k1:c2VjcmV0LXg=',
    };
    const { names, message } = faultsOf(wrong);
    expect(names.toSorted()).toEqual(Object.keys(wrong).toSorted());
    expect(message).not.toMatch(/secret.x|c2VjcmV0LXg|70000-x|staging-x/);
  });

  it('are each refused by their name when they hold what none of them takes [L-7]', () => {
    const documented = readFileSync(join(__dirname, '../../../.env.example'), 'utf8');
    const names = [...documented.matchAll(/^(?:# )?([A-Z][A-Z_]+)=/gm)].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(50);
    // Any path, and any text.
    const free = ['DATA_DIR', 'REDIS_KEY_PREFIX'];
    const accepted = names.filter(
      (name) => !faultsOf({ ...secrets, [name]: '§ wrong §' }).names.includes(name),
    );
    expect(accepted.toSorted()).toEqual(free);
  });

  it('of production must be given: keys and the proxy decision [O-9] [V13.3.1]', () => {
    expect(faultsOf({ NODE_ENV: 'production' }).names.toSorted()).toEqual([
      'ENCRYPTION_KEYS',
      'JWT_PRIVATE_KEYS',
      'TOKEN_KEYS',
      'TRUST_PROXY',
    ]);
    expect(faultsOf(production).names).toEqual([]);
    expect(loadConfig(production)).toMatchObject({
      cookieSecure: true,
      trustedProxies: [],
      registration: 'closed',
    });
    expect(loadConfig({ ...production, REGISTRATION: 'open' }).registration).toBe('open');
  });

  it('of production refuse weak and shared keys [O-9]', () => {
    const weak = `k1:${Buffer.alloc(32, 1).toString('base64')}`;
    expect(faultsOf({ ...production, ENCRYPTION_KEYS: weak }).names).toEqual(['ENCRYPTION_KEYS']);
    const { names, message } = faultsOf({ ...production, TOKEN_KEYS: production.ENCRYPTION_KEYS });
    expect(names).toEqual(['TOKEN_KEYS']);
    expect(message).toContain('each needs its own');
    expect(message).not.toContain(production.ENCRYPTION_KEYS.slice(3));
  });

  it('of production refuse secrets that a person made up, and say why [F-37] [F-33]', () => {
    const ring = (bytes: Uint8Array | string) => `k1:${Buffer.from(bytes as string).toString('base64')}`;
    const counting = Uint8Array.from({ length: 32 }, (_, at) => at);
    const weak: [string, string, string][] = [
      ['ENCRYPTION_KEYS', ring(counting), 'key "k1" is a sequence'],
      ['TOKEN_KEYS', ring(counting.map((value) => 250 - 7 * value)), 'key "k1" is a sequence'],
      ['TOKEN_KEYS', ring('abcdXYZ019-kqwte'.repeat(2)), 'key "k1" repeats itself'],
      ['ENCRYPTION_KEYS', ring('a sentence of thirty-two letters'), 'key "k1" is text'],
      ['METRICS_TOKEN', 'changemechangeme', 'the token holds a word of examples'],
      ['METRICS_TOKEN', 'T0ken-of-pr.T0ken-of-pr.T0ken', 'the token repeats itself'],
      ['METRICS_TOKEN', 'bcdefghijklmnopqrstu', 'the token is a sequence'],
      ['METRICS_TOKEN', '1212121211212121212', 'the token has few different characters'],
      ['METRICS_TOKEN', 'My-Password-Of-2026!', 'the token holds a word of examples'],
      ['ALERT_WEBHOOK_SECRET', `whsec_${'A'.repeat(32)}`, 'the key has few different bytes'],
      ['ALERT_WEBHOOK_SECRET', `whsec_${Buffer.from(counting).toString('base64')}`, 'the key is a sequence'],
    ];
    for (const [name, value, reason] of weak) {
      const { names, message } = faultsOf({ ...production, [name]: value });
      expect({ value, names }).toEqual({ value, names: [name] });
      expect(message).toContain(`${name}: ${reason}`);
      expect(message).not.toContain(value);
      // Elsewhere one may work with what one has.
      expect({ value, names: faultsOf({ ...secrets, [name]: value }).names }).toEqual({ value, names: [] });
    }
    const jwk = { kty: 'EC', crv: 'P-256', d: Buffer.from(counting).toString('base64url') };
    const ecdh = createECDH('prime256v1');
    ecdh.setPrivateKey(counting);
    const point = ecdh.getPublicKey();
    const x = point.toString('base64url', 1, 33);
    const y = point.toString('base64url', 33);
    expect(faultsOf({ ...production, JWT_PRIVATE_KEYS: JSON.stringify({ ...jwk, x, y }) }).message).toContain(
      'JWT_PRIVATE_KEYS: a private key is a sequence',
    );
    for (let round = 0; round < 500; round += 1) {
      const strong = {
        ENCRYPTION_KEYS: ring(randomBytes(32)),
        METRICS_TOKEN: randomBytes(8).toString('hex'),
        ALERT_WEBHOOK_SECRET: `whsec_${randomBytes(24).toString('base64')}`,
      };
      expect([strong, faultsOf({ ...production, ...strong }).names]).toEqual([strong, []]);
    }
  });

  it('name the host of what they connect to [F-37]', () => {
    for (const [name, url] of [
      ['REDIS_URL', 'redis://'],
      ['REDIS_URL', 'redis:///0'],
      ['DATABASE_URL', 'postgresql:///benteng'],
      ['SMTP_URL', 'smtp://'],
    ] as const)
      expect(faultsOf({ ...secrets, MAIL_FROM: 'a@example.com', [name]: url }).message).toContain(
        `${name}: names no host`,
      );
    const socket = 'postgresql:///benteng?host=/var/run/postgresql';
    expect(loadConfig({ ...secrets, DATABASE_URL: socket }).databaseUrl).toBe(socket);
  });

  it('demand an https address where HTTPS is forced [O-4]', () => {
    expect(faultsOf({ ...production, FORCE_HTTPS: 'true', PUBLIC_URL: 'http://x.example' }).names).toEqual([
      'PUBLIC_URL',
    ]);
    expect(faultsOf({ ...production, FORCE_HTTPS: 'true' }).names).toEqual([]);
  });

  it('take origins exactly, without wildcard, path or another spelling [A-8] [V3.4.2]', () => {
    for (const origin of [
      '*',
      'https://*.example.com',
      'https://a.example/',
      'a.example',
      'https://A.example',
      'null',
    ])
      expect(faultsOf({ ...secrets, CORS_ORIGINS: origin }).names).toEqual(['CORS_ORIGINS']);
    const { corsOrigins } = loadConfig({
      ...secrets,
      CORS_ORIGINS: 'https://a.example, http://localhost:5173,',
    });
    expect(corsOrigins).toEqual(['https://a.example', 'http://localhost:5173']);
  });

  it('take proxies as addresses and ranges', () => {
    const { trustedProxies } = loadConfig({ ...secrets, TRUST_PROXY: '10.0.0.0/8, ::1' });
    expect(trustedProxies).toEqual(['10.0.0.0/8', '::1']);
    for (const wrong of ['true', '1', '10.0.0.0/33', 'none,10.0.0.1', 'proxy.example'])
      expect(faultsOf({ ...secrets, TRUST_PROXY: wrong }).names).toEqual(['TRUST_PROXY']);
  });

  it('treat an empty variable as unset and trim slashes', () => {
    const config = loadConfig({
      ...secrets,
      PORT: '',
      PUBLIC_URL: 'https://x.example//',
      API_PREFIX: '/api/v1/',
    });
    expect(config).toMatchObject({ port: 3000, publicUrl: 'https://x.example', apiPrefix: 'api/v1' });
  });

  it('of development make secrets once and keep them for the owner’s eyes [L-S1.3]', () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'benteng-config-'));
    const [first, second] = [loadConfig({ DATA_DIR: dataDir }), loadConfig({ DATA_DIR: dataDir })];
    expect(second.signingKeys.current.kid).toBe(first.signingKeys.current.kid);
    expect(second.tokenKeys.current.bytes).toEqual(first.tokenKeys.current.bytes);
    const file = join(dataDir, 'secrets.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')) as object)).toEqual(Object.keys(secrets));
  });
});
