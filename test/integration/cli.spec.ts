import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSecret } from '../../src/platform/config/development-secrets.js';
import { runCommand } from '../support/cli.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'benteng-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const run = (args: string[], more: Record<string, string> = {}) =>
  runCommand(args, { DATA_DIR: folder, ...more });

/** Commands of the contract (§10), and ours. */
const COMMANDS = [
  'admin:create',
  'users:import',
  'keys:generate',
  'keys:status',
  'keys:rotate',
  'keys:encrypt-existing',
  'audit:verify',
  'retention:run',
  'backup',
  'restore',
  'security:audit',
  'security:fix',
  'incident:database-leak',
  'incident:account',
  'incident:block-address',
  'db:migrate',
  'db:roles',
  'webhooks:send',
];

describe('the command line', () => {
  it('knows every command, each with help', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(out).toContain(command);
    for (let index = 0; index < COMMANDS.length; index += 4) {
      const results = await Promise.all(
        COMMANDS.slice(index, index + 4).map((command) => run([command, '--help'])),
      );
      for (const [offset, result] of results.entries())
        expect([COMMANDS[index + offset], result.code, result.out.includes('Usage: benteng')]).toEqual([
          COMMANDS[index + offset],
          0,
          true,
        ]);
    }
  }, 60_000);

  it.each([
    [['nonsense'], /unknown command/],
    [['keys:rotate', '--batch-size', '0'], /whole number/],
    [['keys:rotate', '--batch-size', '1e3'], /whole number/],
    [['keys:rotate', '--fast'], /unknown option/],
    [['admin:create', '--email', 'nobody'], /not an email/],
    [['incident:account'], /required option/],
    [['retention:run', '--only', 'everything'], /Allowed choices/],
    [['webhooks:send', '--scheme', 'x', '--url', 'http://127.0.0.1'], /Allowed choices/],
    [['webhooks:send', '--scheme', 'hmac', '--url', 'ftp://x'], /https/],
    [['webhooks:send', '--scheme', 'hmac', '--url', 'http://127.0.0.1:9'], /WEBHOOK_SECRET/],
    [['incident:block-address', '--address', '1'], /neither an address/],
    [['incident:block-address', '--address', '::1', '--hours', '9000'], /8760/],
    [['restore', '--in', 'x'], /--yes/],
    [['db:roles', '--owner', 'a; DROP'], /role|name/i],
  ])('%j is refused in a sentence, with an exit code', async (args, words) => {
    const { code, err } = await run(args);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(words) });
    expect(err).not.toMatch(/\n\s+at /);
  });

  it('names every wrong setting at once, and no value', async () => {
    const { code, err } = await run(['keys:status'], {
      PORT: 'x',
      REGISTRATION: 'maybe-secret',
      RATE_LIMIT_GLOBAL: '1',
    });
    expect(code).toBe(1);
    for (const name of ['PORT', 'REGISTRATION', 'RATE_LIMIT_GLOBAL']) expect(err).toContain(name);
    expect(err).not.toContain('maybe-secret');
  });

  it('takes secrets from files, and says which one is missing or doubled', async () => {
    const file = join(folder, 'keys');
    writeFileSync(file, `${generateSecret('ENCRYPTION_KEYS')}\n`);
    const { code, err } = await run(['keys:status'], { ENCRYPTION_KEYS_FILE: file });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const wrong = await run(['keys:status'], {
      ENCRYPTION_KEYS_FILE: file,
      ENCRYPTION_KEYS: generateSecret('ENCRYPTION_KEYS'),
      TOKEN_KEYS_FILE: join(folder, 'missing'),
    });
    expect(wrong.code).toBe(1);
    expect(wrong.err).toMatch(/ENCRYPTION_KEYS: is set, and ENCRYPTION_KEYS_FILE too/);
    expect(wrong.err).toMatch(/TOKEN_KEYS_FILE: the file cannot be read \(ENOENT\)/);
  }, 30_000);

  it('signs a webhook as a provider would, without sending it', async () => {
    const { code, out } = await run(
      [
        'webhooks:send',
        '--scheme',
        'hmac',
        '--url',
        'https://example.com/webhooks/x',
        '--body',
        'hello',
        '--id',
        'e1',
        '--timestamp',
        '1700000000',
        '--dry-run',
        '--json',
      ],
      { WEBHOOK_SECRET: 'secret' },
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      url: 'https://example.com/webhooks/x',
      headers: {
        'Content-Type': 'application/json',
        // printf 'e1.1700000000.hello' | openssl dgst -sha256 -hmac secret
        'X-Signature': '61a985337c2e28ff40213b11e58323c073c1ee22bf56a26e512373c9f2c648fa',
        'X-Signature-Timestamp': '1700000000',
        'X-Event-Id': 'e1',
      },
      body: 'hello',
    });
  });
});
