import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import fs, {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { Opener } from '../../src/backup/age-file.js';
import { backUp } from '../../src/backup/backup.js';
import { withListFile } from '../../src/backup/list-file.js';
import { restore } from '../../src/backup/restore.js';
import { loadConfig } from '../../src/platform/config/load-config.js';
import { generateSecret } from '../../src/platform/config/development-secrets.js';
import { databaseRolesSql } from '../../src/platform/database/database-roles.js';
import { runCommand, type CommandResult } from '../support/cli.js';
import { runHere } from '../support/run-here.js';
import { administer, withDatabase } from '../support/server-databases.mjs';

const PASSPHRASE = 'kuda lepas di meja hijau';
const serverUrl = process.env['TEST_DATABASE_URL'];
const onEmbedded = serverUrl === undefined ? describe : describe.skip;
const onServer = serverUrl === undefined ? describe.skip : describe;
const secrets = {
  JWT_PRIVATE_KEYS: generateSecret('JWT_PRIVATE_KEYS'),
  ENCRYPTION_KEYS: generateSecret('ENCRYPTION_KEYS'),
  TOKEN_KEYS: generateSecret('TOKEN_KEYS'),
};
const folders: string[] = [];
const openFull = fs.createWriteStream;
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'benteng-backup-'));
  folders.push(folder);
  return folder;
}

function expectOk({ code, err, out }: CommandResult): CommandResult {
  expect({ code, err }).toEqual({ code: 0, err: expect.not.stringContaining('Error') });
  return { code, err, out };
}

function expectRefusal({ code, err }: CommandResult, words: RegExp): void {
  expect(code).not.toBe(0);
  expect(err).toMatch(words);
  // A sentence, not a stack.
  expect(err).not.toMatch(/\n\s+at /);
}

/** The one backup of a folder. */
function backupIn(folder: string): string {
  const [name, ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  return join(folder, name!);
}

interface Place {
  /** Environment of a database; each call another one, empty. */
  make(): Promise<Record<string, string>>;
  ending: string;
}

/** Everything that holds for both kinds of database. */
function drill(place: Place): void {
  const { ending } = place;
  const make = () => place.make();
  let source: Record<string, string>;
  let folder: string;
  let file: string;
  /** What `audit:verify` says of the source. */
  let heads: object;
  const withPassphrase = (environment: Record<string, string>, passphrase = PASSPHRASE) => ({
    ...environment,
    BACKUP_PASSPHRASE: passphrase,
  });
  const emails = async (environment: Record<string, string>) => {
    const { out } = expectOk(await runHere(['audit:verify', '--json'], environment));
    return { ...(JSON.parse(out) as object), verifiedAt: null };
  };

  beforeAll(async () => {
    source = await make();
    for (const email of ['satu@example.com', 'dua@example.com'])
      expectOk(await runHere(['admin:create', '--email', email, '--organization', 'Toko Laut'], source));
    folder = newFolder();
    // The program itself, once.
    const made = await runCommand(['backup', '--out', folder, '--json'], withPassphrase(source));
    const { out } = expectOk(made);
    file = backupIn(folder);
    heads = await emails(source);
    expect(JSON.parse(out)).toMatchObject({ file, bytes: statSync(file).size });
  }, 240_000);

  it('writes one encrypted file that only its owner may read, and nothing beside it [T-4.3]', () => {
    expect(file.endsWith(ending)).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const content = readFileSync(file, 'latin1');
    expect(content.startsWith('age-encryption.org/v1\n')).toBe(true);
    for (const secret of ['satu@example.com', 'Toko Laut', 'PGDMP', 'CREATE TABLE'])
      expect(content).not.toContain(secret);
  });

  it('restores all of it into an empty database, once, and says what it would do before [T-4.3]', async () => {
    const target = await make();
    const command = (...more: string[]) =>
      runHere(['restore', '--in', file, ...more], withPassphrase(target));
    expectRefusal(await command(), /--yes/);
    expect(expectOk(await command('--dry-run')).out).toMatch(/would fit/);
    expect(expectOk(await command('--yes')).out).toMatch(/Restored/);
    expectRefusal(await command('--yes'), /not empty|already/);
    expect(await emails(target)).toEqual(heads);
  }, 240_000);

  it('changes nothing with a wrong passphrase, or a file that was cut, altered or is none [T-4.3]', async () => {
    const target = await make();
    // Made for a key: opening it takes no time, unlike with a passphrase.
    const identity = await generateX25519Identity();
    const key = newFolder();
    const recipients = [await identityToRecipient(identity)];
    await backUp(loadConfig(source), { folder: key, recipients, now: new Date() });
    const bytes = readFileSync(backupIn(key));
    const attempt = (content: Buffer, opener: Opener = { identities: [identity] }) => {
      const path = join(newFolder(), 'backup');
      writeFileSync(path, content);
      return restore(loadConfig(target), path, opener, false);
    };
    const refused = (words: RegExp) => ({ name: 'OperatorError', message: expect.stringMatching(words) });
    await expect(attempt(bytes, { passphrase: PASSPHRASE })).rejects.toMatchObject(
      refused(/cannot be opened/),
    );
    await expect(attempt(bytes, {})).rejects.toMatchObject(refused(/BACKUP_PASSPHRASE/));
    for (const length of [bytes.length - 1, bytes.length - 100, bytes.length / 2, 400])
      await expect(attempt(bytes.subarray(0, length))).rejects.toMatchObject(
        refused(/cut or altered|cannot be opened|empty/),
      );
    for (const at of [200, bytes.length / 2, bytes.length - 20]) {
      const flipped = Buffer.from(bytes);
      flipped[Math.floor(at)]! ^= 1;
      await expect(attempt(flipped)).rejects.toMatchObject(refused(/altered/));
    }
    await expect(attempt(Buffer.from('just some text that is long enough'))).rejects.toMatchObject(
      refused(/no backup/),
    );
    await expect(attempt(Buffer.alloc(0))).rejects.toMatchObject(refused(/no backup/));
    const wrong = await runHere(
      ['restore', '--in', file, '--yes'],
      withPassphrase(target, 'another passphrase'),
    );
    expectRefusal(wrong, /cannot be opened/);
    const { sha256 } = await attempt(bytes);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(await emails(target)).toEqual(heads);
  }, 240_000);

  it('works with a public key, whose secret one the backup never sees', async () => {
    const identity = await generateX25519Identity();
    const [out, target] = [newFolder(), await make()];
    const recipient = await identityToRecipient(identity);
    expectOk(await runHere(['backup', '--out', out, '--recipient', recipient], source));
    const keyFile = join(newFolder(), 'key.txt');
    writeFileSync(keyFile, `# a key\n${identity}\n`);
    expectOk(await runHere(['restore', '--in', backupIn(out), '--yes', '--identity', keyFile], target));
    expect(await emails(target)).toEqual(heads);
  }, 240_000);

  it('gives two of one second their own names, draws bars, and clears what a killed one left [F-66]', async () => {
    const identity = await generateX25519Identity();
    const recipients = [await identityToRecipient(identity)];
    const out = newFolder();
    const now = new Date();
    const [fresh, abandoned] = ['.benteng-1.2.age.partial', '.benteng-1.1.age.partial'];
    for (const name of [fresh, abandoned]) writeFileSync(join(out, name), 'half');
    utimesSync(join(out, abandoned), new Date(0), new Date(0));
    for (let count = 0; count < 2; count += 1)
      await backUp(loadConfig(source), { folder: out, recipients, now });
    const names = readdirSync(out).toSorted();
    const stem = `benteng-${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
    expect(names).toEqual([fresh, `${stem}-2${ending}`, `${stem}${ending}`]);

    const [folderOfBars, keyFile] = [newFolder(), join(newFolder(), 'key.txt')];
    writeFileSync(keyFile, identity);
    const terminal = { isTerminal: true };
    const backup = ['backup', '--out', folderOfBars, '--recipient', recipients[0]!];
    const bars = expectOk(await runHere(backup, source, terminal)).err;
    for (const step of ['Writing', 'Reading back']) expect(bars).toMatch(new RegExp(`${step} .*%`));
    const restoring = ['restore', '--in', join(out, names[1]!), '--identity', keyFile, '--yes'];
    const restored = expectOk(await runHere(restoring, await make(), terminal)).err;
    for (const step of ['Reading', 'Restoring']) expect(restored).toMatch(new RegExp(`${step} .*100 %`));
  }, 240_000);

  it('ends with a sentence when the disk is full, and leaves nothing behind [F-66]', async () => {
    const out = newFolder();
    // A device that has no room, as the kernel says it.
    const full = jest.spyOn(fs, 'createWriteStream').mockImplementation(() => openFull('/dev/full'));
    const recipient = await identityToRecipient(await generateX25519Identity());
    const result = await runHere(['backup', '--out', out, '--recipient', recipient, '--json'], source);
    full.mockRestore();
    expectRefusal(result, /the disk is full \(ENOSPC\)/);
    expect(JSON.parse(result.out)).toEqual({ error: { code: 'SYSTEM', message: expect.any(String) } });
    expect(readdirSync(out)).toEqual([]);
  }, 180_000);

  it('leaves nothing behind when it cannot be made', async () => {
    const out = newFolder();
    expectRefusal(await runHere(['backup', '--out', out], withPassphrase(source, 'short')), /12 characters/);
    expectRefusal(
      await runHere(['backup', '--out', out, '--recipient', 'age1nonsense'], source),
      /no public key/,
    );
    expectRefusal(await runHere(['backup'], withPassphrase(source)), /--out/);
    expect(readdirSync(out)).toEqual([]);
  }, 180_000);
}

it('clears the list of a restoration that was killed, and only that [F-66]', async () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  const folderOf = (id: number) => mkdtempSync(join(tmpdir(), `benteng-restore-${id}-`));
  const [left, running] = [folderOf(pid), folderOf(process.pid)];
  await withListFile(['a'], async (file) => {
    expect(readFileSync(file, 'utf8')).toBe('a');
    expect([existsSync(left), existsSync(running)]).toEqual([false, true]);
  });
  rmSync(running, { recursive: true });
});

onEmbedded('a backup of the embedded database', () => {
  drill({
    ending: '.tar.gz.age',
    make: () => Promise.resolve({ ...secrets, DATA_DIR: newFolder() }),
  });

  it('clears at the next start what a killed restoration left [F-66]', async () => {
    const DATA_DIR = newFolder();
    const left = join(DATA_DIR, 'postgres.restoring');
    mkdirSync(left);
    writeFileSync(join(left, 'PG_VERSION'), '17');
    expectOk(await runHere(['db:migrate'], { ...secrets, DATA_DIR }));
    expect(existsSync(left)).toBe(false);
  }, 120_000);
});

onServer('a backup of a server', () => {
  const names: string[] = [];
  afterAll(async () => {
    for (const name of names) await administer(serverUrl!, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
  });
  const make = async () => {
    const name = `benteng_backup_${randomUUID().slice(0, 8)}`;
    names.push(name);
    await administer(serverUrl!, `CREATE DATABASE "${name}"`);
    return { ...secrets, DATA_DIR: newFolder(), DATABASE_URL: withDatabase(serverUrl!, name) };
  };

  drill({ ending: '.dump.age', make });

  it('can be made and restored by roles that row security binds [A-7]', async () => {
    // Names of their own: what a run that was cut off has left must not stand in the way.
    const run = randomUUID().slice(0, 8);
    const roles = {
      owner: `benteng_drill_owner_${run}`,
      application: `benteng_drill_app_${run}`,
      backup: `benteng_drill_backup_${run}`,
    };
    const asRole = (url: string, name: string) =>
      Object.assign(new URL(url), { username: name, password: '' }).href;
    const place = async () => {
      const environment = await make();
      const url = environment.DATABASE_URL;
      await administer(url, databaseRolesSql(roles));
      return {
        superuser: url,
        environment: {
          ...environment,
          DATABASE_URL: asRole(url, roles.application),
          DATABASE_MIGRATION_URL: asRole(url, roles.owner),
        },
      };
    };
    const [source, target] = [await place(), await place()];
    expectOk(await runHere(['db:migrate'], source.environment));
    await administer(source.superuser, databaseRolesSql(roles));
    expectOk(
      await runHere(
        ['admin:create', '--email', 'tiga@example.com', '--organization', 'T'],
        source.environment,
      ),
    );
    const out = newFolder();
    const BACKUP_DATABASE_URL = asRole(source.superuser, roles.backup);
    expectOk(
      await runHere(['backup', '--out', out], {
        ...source.environment,
        BACKUP_DATABASE_URL,
        BACKUP_PASSPHRASE: PASSPHRASE,
      }),
    );
    expectOk(
      await runHere(['restore', '--in', backupIn(out), '--yes', '--dry-run'], {
        ...target.environment,
        BACKUP_PASSPHRASE: PASSPHRASE,
      }),
    );
    const restored = await runHere(['restore', '--in', backupIn(out), '--yes'], {
      ...target.environment,
      BACKUP_PASSPHRASE: PASSPHRASE,
    });
    expect(expectOk(restored).out).toMatch(/^Restored\.\n/);
    await administer(target.superuser, databaseRolesSql(roles));
    expectOk(await runHere(['audit:verify'], target.environment));
    const [row] = await administer(target.superuser, 'SELECT count(*)::int AS users FROM benteng.users');
    expect(row).toEqual({ users: 1 });
    for (const name of Object.values(roles))
      for (const { superuser } of [source, target])
        await administer(superuser, `DROP OWNED BY ${name} CASCADE`);
    for (const name of Object.values(roles)) await administer(serverUrl!, `DROP ROLE ${name}`);
  }, 240_000);
});
