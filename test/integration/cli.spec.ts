import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command, Option } from 'commander';
import { COMMANDS } from '../../src/cli/commands.js';
import { generateSecret } from '../../src/platform/config/development-secrets.js';
import { rolePasswordsSql, scramVerifier } from '../../src/platform/database/role-passwords.js';
import { runCommand, type CommandResult } from '../support/cli.js';
import { runHere } from '../support/run-here.js';

let folder: string;
const workingFolder = process.cwd();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'benteng-cli-'));
  // Hostile values are paths too: whatever a command writes there goes with the folder.
  process.chdir(folder);
  mkdirSync(join(folder, 'folder'));
  writeFileSync(join(folder, 'file'), 'no command expects this');
});
afterAll(() => {
  process.chdir(workingFolder);
  rmSync(folder, { recursive: true, force: true });
});
const here = (args: string[], more: Record<string, string> = {}) =>
  runHere(args, { DATA_DIR: join(folder, 'data'), ...more });
/** A server that is not there: commands that get as far as the database end quickly. */
const NOWHERE = { DATABASE_URL: 'postgresql://benteng@127.0.0.1:1/benteng' };

/** Commands of the contract (§10), and ours. */
const NAMES = [
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

/** Values that a command must have to get anywhere. */
const REQUIRED: Record<string, string> = {
  '--email': 'siti@example.com',
  '--organization-id': '01a1fac7-20e5-74ae-82b5-f30f3c0a6262',
  '--out': 'out',
  '--in': 'in',
  '--address': '192.0.2.1',
  '--scheme': 'hmac',
  '--url': 'http://127.0.0.1:1/webhooks/x',
};

const flagOf = ({ long }: Option): string => long!;
const takesValue = (option: Option): boolean => option.required || option.optional;
const inFolder = (text: string): string => (/^(in|out)$/.test(text) ? join(folder, text) : text);

/** The shortest command line of a command that is not refused for what it lacks, without `flag`. */
function shortest(command: Command, flag?: string): string[] {
  const mandatory = command.options.filter((option) => option.mandatory && flagOf(option) !== flag);
  return [
    command.name(),
    ...command.registeredArguments.map(() => join(folder, 'file.csv')),
    ...mandatory.flatMap((option) => [flagOf(option), inFolder(REQUIRED[flagOf(option)]!)]),
    ...command.options.filter(({ long }) => long === '--yes').map(flagOf),
  ];
}

/** Says why in a sentence, on standard error and in the one JSON document. */
function expectFailure({ code, out, err }: CommandResult, what: unknown): void {
  const shown = { what, code, out, err };
  expect([shown, code === 1 || code === 2]).toEqual([shown, true]);
  expect(err).not.toMatch(/\n\s+at |not planned for|^\s*$/);
  const { error } = JSON.parse(out) as { error: { code: string; message: string } };
  expect([shown, error]).toEqual([
    shown,
    {
      code: expect.stringMatching(/^(USAGE|SETTINGS|REFUSED|SYSTEM|DATABASE)$/),
      message: expect.any(String),
    },
  ]);
  expect(err).toContain(error.message);
}

describe('the command line', () => {
  it('knows every command, each with help and --json', async () => {
    expect(COMMANDS.map((command) => command.name())).toEqual(expect.arrayContaining(NAMES));
    const { code, out } = await here(['--help']);
    expect(code).toBe(0);
    for (const command of COMMANDS) {
      expect(out).toContain(command.name());
      const help = await here([command.name(), '--help']);
      expect([command.name(), help.code, help.out.split('\n')[0]]).toEqual([
        command.name(),
        0,
        expect.stringContaining(`Usage: benteng ${command.name()} `),
      ]);
      expect([command.name(), command.options.map(flagOf)]).toEqual([
        command.name(),
        expect.arrayContaining(['--json']),
      ]);
    }
  });

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
    const { code, err, out } = await here(args);
    expect({ code, err, out }).toEqual({ code: 1, err: expect.stringMatching(words), out: '' });
    expectFailure(await here([...args, '--json']), args);
  });

  it('judges every flag that takes text: nothing, blanks and control characters are refused [F-15]', async () => {
    // What is posted may be anything, also nothing.
    const isFree = (command: Command, option: Option) =>
      command.name() === 'webhooks:send' && flagOf(option) === '--body';
    for (const command of COMMANDS) {
      for (const option of command.options.filter((each) => takesValue(each) && !isFree(command, each))) {
        for (const value of ['', '  ', '\t', 'a\nb', 'a\0b']) {
          const result = await here([...shortest(command, flagOf(option)), flagOf(option), value], NOWHERE);
          const shown = [command.name(), flagOf(option), value, result.err];
          expect([...shown, result.code, /invalid|Allowed choices/.test(result.err)]).toEqual([
            ...shown,
            1,
            true,
          ]);
        }
      }
      for (const argument of command.registeredArguments)
        expect([command.name(), argument.parseArg]).toEqual([command.name(), expect.any(Function)]);
    }
    const blank = await here(['admin:create', '--email', 'a@example.com', '--organization', '  ', '--json']);
    expectFailure(blank, 'a blank organization');
    expect(blank.err).toMatch(/--organization .*1 to 200 characters/);
  });

  it('ends every command with a sentence, whatever its flags hold, also in JSON [F-66]', async () => {
    const hostile = [
      'x;y',
      `'"\\`,
      '-1',
      join(folder, 'file', 'below'),
      join(folder, 'folder'),
      join(folder, 'file'),
      '\u{1F3F0}\u202E',
      'x'.repeat(5000),
    ];
    let runs = 0;
    for (const command of COMMANDS) {
      // Looks at this repository and asks a registry: its own test has the hostile values.
      if (command.name().startsWith('security:')) continue;
      for (const option of command.options.filter(takesValue)) {
        for (const value of hostile) {
          const args = [...shortest(command, flagOf(option)), flagOf(option), value, '--json'];
          const result = await here(args, NOWHERE);
          runs += 1;
          // Some need no database, and some text is fine.
          if (result.code === 0) expect(Object.keys(JSON.parse(result.out) as object)).not.toContain('error');
          else expectFailure(result, args);
        }
      }
    }
    expect(runs).toBeGreaterThan(200);
  }, 120_000);

  it.each([
    ['a folder instead of a file', ['restore', '--in', '.', '--yes'], /must be a file/],
    ['a folder that is not there', ['security:audit', '--root', '/proc/none'], /"\/proc\/none".*not there/],
    ['a file where a folder should be', ['backup', '--out', '/dev/null/x'], /ENOTDIR/],
  ])('says what is wrong with %s, in JSON too [F-66]', async (_what, args, words) => {
    const result = await here([...args, '--json'], { BACKUP_PASSPHRASE: 'kuda lepas di meja hijau' });
    expectFailure(result, args);
    expect(result.err).toMatch(words);
  });

  it.each([
    ['TRUST_PROXY', '0.0.0.0/0', /TRUST_PROXY: names a network larger/],
    ['TRUST_PROXY', '10.0.0.1,::/0', /TRUST_PROXY: names a network larger/],
  ])('refuses %s=%s before anything starts [F-66]', async (name, value, words) => {
    const result = await here(['keys:status', '--json'], { [name]: value });
    expectFailure(result, name);
    expect(result.err).toMatch(words);
  });

  it('names every wrong setting at once, and no value', async () => {
    const { code, err } = await here(['keys:status'], {
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
    const wrong = await here(['keys:status'], {
      ENCRYPTION_KEYS_FILE: file,
      ENCRYPTION_KEYS: generateSecret('ENCRYPTION_KEYS'),
      TOKEN_KEYS_FILE: join(folder, 'missing'),
    });
    expect(wrong.code).toBe(1);
    expect(wrong.err).toMatch(/ENCRYPTION_KEYS: is set, and ENCRYPTION_KEYS_FILE too/);
    expect(wrong.err).toMatch(/TOKEN_KEYS_FILE: the file cannot be read \(ENOENT\)/);
  });

  it('writes secrets as files hold them, and overwrites none [F-64]', async () => {
    const out = join(folder, 'secrets');
    const { code } = await here(['keys:generate', '--out', out]);
    expect(code).toBe(0);
    const files = Object.fromEntries(
      ['JWT_PRIVATE_KEYS', 'ENCRYPTION_KEYS', 'TOKEN_KEYS'].map((name) => [`${name}_FILE`, join(out, name)]),
    );
    for (const file of Object.values(files)) expect(statSync(file).mode & 0o777).toBe(0o600);
    // Production takes them as they are; it gets as far as the server that is not there.
    const production = { NODE_ENV: 'production', TRUST_PROXY: 'none', ...files, ...NOWHERE };
    expect((await here(['keys:status'], production)).err).toMatch(/cannot be reached/);
    const before = readFileSync(join(out, 'TOKEN_KEYS'), 'utf8');
    expectFailure(await here(['keys:generate', '--out', out, '--json']), 'keys:generate');
    expect(readFileSync(join(out, 'TOKEN_KEYS'), 'utf8')).toBe(before);
  });

  it('makes the verifier of a password that PostgreSQL would make [F-33]', () => {
    // Password and salt of the example in RFC 7677 §3.
    const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
    expect(scramVerifier('pencil', salt)).toBe(
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    );
    expect(rolePasswordsSql(['app'], ['postgresql://app:p%20w@h/d'])).toMatch(
      /^ALTER ROLE app PASSWORD 'SCRAM-SHA-256\$4096:[^']+';$/,
    );
    for (const address of ['postgresql://other:x@h/d', 'postgresql://app@h/d', 'postgresql://app:%C3%A9@h/d'])
      expect([address, rolePasswordsSql(['app'], [address])]).toEqual([address, null]);
  });

  it('makes an operator, names what no chain is, and deletes nothing by a clock a year ahead [F-16] [F-22]', async () => {
    const home = mkdtempSync(join(tmpdir(), 'benteng-cli-'));
    const environment = { DATA_DIR: home };
    try {
      const created = await runCommand(
        ['admin:create', '--operator', '--email', 'boss@example.com', '--organization', 'Toko', '--json'],
        environment,
      );
      expect({ ...created, out: JSON.parse(created.out) as object }).toMatchObject({
        code: 0,
        out: { email: 'boss@example.com', temporaryPassword: expect.any(String) },
      });
      const again = await runCommand(
        ['admin:create', '--operator', '--email', 'boss@example.com'],
        environment,
      );
      expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/^Operator: +boss@example.com/) });
      const unknown = '01a1fac7-20e5-74ae-82b5-f30f3c0a6262';
      const verified = await runCommand(['audit:verify', '--organization', unknown], environment);
      expect(verified).toMatchObject({
        code: 1,
        out: expect.stringMatching(`${unknown} .*no such organization`),
      });
      const ahead = join(home, 'ahead.cjs');
      writeFileSync(
        ahead,
        `const now = Date.now; const year = 365 * 86400000;
         globalThis.Date = class extends Date { constructor(...a) { a.length ? super(...a) : super(now() + year); } static now() { return now() + year; } };`,
      );
      const late = { ...environment, NODE_OPTIONS: `--require=${ahead}` };
      const refused = await runCommand(['retention:run'], late);
      expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/Nothing was deleted: .*--yes/) });
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  }, 90_000);

  it('signs a webhook as a provider would, without sending it', async () => {
    const { code, out } = await here(
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

describe('the built program', () => {
  const run = (args: string[], more: Record<string, string> = {}) =>
    runCommand(args, { DATA_DIR: join(folder, 'built'), ...more });

  it('answers on its own streams with its own exit code, and starts with a secret from a file', async () => {
    const file = join(folder, 'built-keys');
    mkdirSync(join(folder, 'built'));
    writeFileSync(file, `${generateSecret('ENCRYPTION_KEYS')}\n`);
    const [refused, ok] = await Promise.all([
      run(['restore', '--in', folder, '--yes', '--json'], { BACKUP_PASSPHRASE: 'kuda lepas di meja hijau' }),
      run(['keys:status', '--json'], { ENCRYPTION_KEYS_FILE: file }),
    ]);
    expectFailure(refused, 'restore');
    expect({ code: ok.code, err: ok.err, document: JSON.parse(ok.out) as object }).toEqual({
      code: 0,
      err: '',
      document: { keys: [] },
    });
  }, 60_000);

  it('draws bars over an answer to a leak; damaged development secrets and a table of no name are refused [F-66]', async () => {
    const dataDir = join(folder, 'built');
    expectFailure(await run(['keys:encrypt-existing', '--from', 'x;y', '--json']), 'x;y');
    // Long work shows how far it is, on a terminal alone.
    const leak = ['incident:database-leak', '--yes', '--json'];
    const before = { DATA_DIR: dataDir };
    const answered = await runHere(leak, before, { isTerminal: true });
    expect([answered.code, JSON.parse(answered.out)]).toEqual([
      0,
      expect.objectContaining({ finishedAt: expect.any(String) }),
    ]);
    expect(answered.err).toMatch(/keys .*%[\s\S]*passwords .*%/);
    writeFileSync(join(dataDir, 'secrets.json'), '[]');
    const damaged = await here(['keys:status', '--json'], { DATA_DIR: dataDir });
    expectFailure(damaged, 'secrets.json');
    expect(damaged.err).toMatch(/secrets\.json": is damaged/);
  }, 60_000);
});
