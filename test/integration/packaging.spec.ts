import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMANDS } from '../../src/cli/commands.js';
import { runHere } from '../support/run-here.js';

type LockEntry = { integrity?: string; resolved?: string };

const read = (file: string): string => readFileSync(join(__dirname, '../..', file), 'utf8');
/** Settings that the program reads. */
const settings = new Set(
  [...read('.env.example').matchAll(/^# ([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name!),
);
/** Those of commands alone, which the server does not read. */
const ofCommands = new Set(['DATABASE_ADMIN_URL']);
const isSetting = (name: string): boolean => {
  const setting = name.replace(/_FILE$/, '');
  return settings.has(setting) || ofCommands.has(setting);
};

describe('package.json', () => {
  it('names the libraries that were asked for, each in one exact version [D-2]', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
      string,
      Record<string, string>
    >;
    const used = ['core', 'common', 'throttler', 'jwt', 'passport'].map((name) => `@nestjs/${name}`);
    const others = [
      'passport-jwt',
      '@prisma/client',
      'argon2',
      'helmet',
      'class-validator',
      'class-transformer',
      'otplib',
    ];
    expect(Object.keys(dependencies!)).toEqual(expect.arrayContaining([...used, ...others]));
    expect(Object.keys(devDependencies!)).toEqual(expect.arrayContaining(['prisma', 'jest', 'supertest']));
    for (const version of Object.values({ ...dependencies, ...devDependencies }))
      expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
  });
});

describe('the lockfile', () => {
  const check = (folder: string) =>
    spawnSync(process.execPath, [join(__dirname, '../../scripts/lockfile.mjs'), folder], {
      encoding: 'utf8',
    });

  it('installs with npm ci on every platform, from whatever registry is configured [F-63]', () => {
    expect(check(join(__dirname, '../..'))).toMatchObject({ status: 0, stderr: '' });
    // Whether lockfile and package.json belong together is judged by npm itself; nothing is fetched or written.
    const npm = spawnSync('npm', ['ci', '--dry-run', '--offline', '--loglevel=error'], {
      cwd: join(__dirname, '../..'),
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    expect([npm.status, npm.stderr]).toEqual([0, expect.not.stringContaining('npm error')]);
    expect(read('scripts/prepare.mjs')).toContain("run('npm', ['ci',");
  });

  it('is refused when a platform lacks its package, an entry its hash, or a host is named [F-63]', () => {
    const folder = mkdtempSync(join(tmpdir(), 'benteng-lockfile-'));
    const lockfile = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockEntry> };
    delete lockfile.packages['node_modules/@swc/core-darwin-arm64'];
    lockfile.packages['node_modules/argon2']!.resolved = 'https://registry.example/argon2.tgz';
    delete lockfile.packages['node_modules/pino']!.integrity;
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lockfile));
    const { status, stderr } = check(folder);
    rmSync(folder, { recursive: true });
    expect(status).toBe(1);
    expect(stderr.split('\n').slice(0, 3).toSorted()).toEqual([
      expect.stringMatching(/^node_modules\/@swc\/core@[\d.]+: no entry for @swc\/core-darwin-arm64$/),
      'node_modules/argon2: names where it came from',
      'node_modules/pino: no SHA-512',
    ]);
  });
});

describe('the Dockerfile', () => {
  const lines = read('Dockerfile')
    .split('\n')
    .filter((line) => !line.startsWith('#'));
  const lastStage = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));

  it('builds in one stage and runs in another, as nobody in particular, with a health check', () => {
    expect(lines.filter((line) => line.startsWith('FROM '))).toHaveLength(2);
    expect(lastStage).toContain('USER node');
    expect(lastStage.findIndex((line) => line === 'USER node')).toBeLessThan(
      lastStage.findIndex((line) => line.startsWith('CMD ')),
    );
    expect(lastStage.some((line) => line.startsWith('HEALTHCHECK '))).toBe(true);
    // The exec form: the program itself gets the signal.
    expect(lastStage.find((line) => line.startsWith('CMD '))).toBe('CMD ["node", "dist/main.js"]');
  });

  it('copies what exists, and no secret or test', () => {
    const copied = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(/\s+/).slice(1, -1));
    for (const path of copied)
      expect([path, existsSync(join(__dirname, '../..', path))]).toEqual([path, true]);
    expect(read('.dockerignore').split('\n')[0]).toBe('**');
    expect(read('.dockerignore')).not.toMatch(/!(test|\.env|\.data|deploy)/);
  });
});

describe('the compose file', () => {
  const text = read('deploy/compose.yaml');

  it('sets only settings that exist, and takes every secret from a file', () => {
    const block = text.slice(text.indexOf('  environment:'), text.indexOf('  secrets: ['));
    const names = [...block.matchAll(/^ {4}([A-Z_]+):/gm)].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(8);
    for (const name of names) expect([name, isSetting(name)]).toEqual([name, true]);
    expect(block).not.toMatch(/^ {4}(DATABASE_URL|\w+_KEYS):/m);
  });

  it('gives the instances the application role, and Redis a password [F-33]', () => {
    const block = text.slice(text.indexOf('x-benteng:'), text.indexOf('services:'));
    expect(block).not.toContain('DATABASE_ADMIN_URL');
    expect(block).toContain('DATABASE_MIGRATION_URL_FILE');
    expect(block).toContain('REDIS_URL_FILE');
    expect(text).toMatch(/at benteng_app APPLICATION > deploy\/secrets\/DATABASE_URL/);
    expect(text).toMatch(/redis-server\n +- \/run\/secrets\/redis\.conf/);
    // Whoever holds the superuser's address ends before the instances start.
    expect([...text.matchAll(/DATABASE_ADMIN_URL_FILE/g)]).toHaveLength(1);
    expect(text).toMatch(/roles: \{ condition: service_completed_successfully \}/);
  });

  it('runs the instances read-only, without rights, and opens nothing but the proxy', () => {
    expect(text).toMatch(/read_only: true/);
    expect(text).toMatch(/cap_drop: \[ALL\]/);
    expect([...text.matchAll(/^ +ports:/gm)]).toHaveLength(1);
  });
});

describe('the example for nginx', () => {
  it('overwrites what clients claim of themselves, and hides the metrics', () => {
    const text = read('deploy/nginx.conf');
    expect(text).not.toContain('$proxy_add_x_forwarded_for');
    expect([...text.matchAll(/X-Forwarded-For \$remote_addr;/g)]).toHaveLength(2);
    expect(text).toContain('location = /metrics { return 404; }');
  });
});

describe('the systemd unit', () => {
  it('sets only settings that exist, as a user without rights', () => {
    const text = read('deploy/benteng.service');
    const names = [...text.matchAll(/^Environment=([A-Z_]+)=/gm)].map(([, name]) => name!);
    for (const name of names) expect([name, isSetting(name)]).toEqual([name, true]);
    for (const line of ['NoNewPrivileges=yes', 'ProtectSystem=strict', 'CapabilityBoundingSet='])
      expect(text.split('\n')).toContain(line);
  });

  const hasAnalyzer = spawnSync('systemd-analyze', ['--version']).status === 0;
  (hasAnalyzer ? it : it.skip)('is understood by systemd', () => {
    const { stderr } = spawnSync(
      'systemd-analyze',
      ['verify', '--man=no', join(__dirname, '../../deploy/benteng.service')],
      {
        encoding: 'utf8',
      },
    );
    expect(stderr).not.toMatch(/Unknown|Failed to parse|Invalid/);
  });
});

describe('the documented commands', () => {
  /** What stands for a value of the reader's own. */
  const VALUES: [RegExp, string][] = [
    [/https:\/\/…\/webhooks\/<id>|\$URL\/webhooks\/\$HOOK/g, 'https://example.com/webhooks/1'],
    [/--address …/g, '--address 192.0.2.1'],
    [/<id>/g, '01a1fac7-20e5-74ae-82b5-f30f3c0a6262'],
    [/<n>/g, '5'],
    [/<url>|\[url\]/g, 'postgresql://postgres@127.0.0.1:5432/benteng'],
    [/<[a-z ]+>|…/g, 'x'],
  ];
  const pages = ['README.md', 'SECURITY.md', 'deploy/compose.yaml']
    .concat(readdirSync(join(__dirname, '../../docs')).map((name) => `docs/${name}`))
    .filter((name) => /\.(md|yaml)$/.test(name));
  const names = COMMANDS.map((command) => command.name());

  /** Whole command lines after `cli -- `, and those that stand alone between backticks. */
  function commandLines(page: string): string[] {
    const text = VALUES.reduce((said, [mark, value]) => said.replaceAll(mark, value), page);
    const afterCli = [...text.matchAll(/\bcli -- ([a-z]+:?[^`|>\n]*?)(?= *[`|>\n]| {2,}#)/g)];
    const alone = [...text.matchAll(/`((?:[a-z]+:[a-z-]+|backup|restore) [^`\n]*)`/g)].filter(([, line]) =>
      names.includes(line!.split(' ')[0]!),
    );
    return [...afterCli, ...alone].map(([, line]) => line!).filter((line) => line !== 'x');
  }

  const words = (line: string): string[] =>
    [...line.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) => word.replaceAll(/['"]/g, ''));

  it('are all understood as they are written [F-64]', async () => {
    for (const command of COMMANDS) command.action(() => undefined);
    let count = 0;
    const refused: string[] = [];
    for (const page of pages) {
      for (const line of commandLines(read(page))) {
        count += 1;
        const { code, err } = await runHere(words(line), {});
        // What a sentence leaves out (`admin:create --operator`) is no fault; a flag or a value that is unknown is one.
        if (code !== 0 && !/required option|argument missing|missing required argument/.test(err))
          refused.push(`${page}: ${line}\n${err}`);
      }
    }
    expect(refused).toEqual([]);
    expect(count).toBeGreaterThan(30);
  });

  it('name scripts that package.json has [F-64]', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['start', 'build', 'test', 'cli', 'check']));
    for (const page of pages)
      for (const [, name] of read(page).matchAll(/npm run (?:--silent )?([a-z][a-z:]*)/g))
        expect([page, Object.keys(scripts)]).toEqual([page, expect.arrayContaining([name])]);
    for (const file of Object.values(scripts).flatMap((script) => /scripts\/\S+/.exec(script) ?? []))
      expect([file, existsSync(join(__dirname, '../..', file))]).toEqual([file, true]);
  });
});

describe('the procedures', () => {
  it('give a contact, response times by severity, routine, and the drills [A-11]', () => {
    const policy = read('SECURITY.md');
    for (const word of ['Reporting a weakness', 'critical', 'high', 'medium', 'low', '48 hours', '7 days'])
      expect(policy).toContain(word);
    const operations = read('docs/operations.md');
    for (const heading of ['## Routine', '## Backups', '## Signing keys', '## Incidents', '## Dependencies'])
      expect(operations).toContain(`\n${heading}`);
    for (const rhythm of ['weekly', 'monthly', 'quarterly']) expect(operations).toContain(`| ${rhythm}`);
  });
});
