import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { Opener } from '../../src/backup/age-file.js';
import { backUp } from '../../src/backup/backup.js';
import { restore } from '../../src/backup/restore.js';
import { loadConfig } from '../../src/platform/config/load-config.js';
import { generateSecret } from '../../src/platform/config/development-secrets.js';
import { databaseRolesSql } from '../../src/platform/database/database-roles.js';
import { runCommand, type CommandResult } from '../support/cli.js';
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
    const { out } = expectOk(await runCommand(['audit:verify', '--json'], environment));
    return { ...(JSON.parse(out) as object), verifiedAt: null };
  };

  beforeAll(async () => {
    source = await make();
    for (const email of ['satu@example.com', 'dua@example.com'])
      expectOk(await runCommand(['admin:create', '--email', email, '--organization', 'Toko Laut'], source));
    folder = newFolder();
    const { out } = expectOk(await runCommand(['backup', '--out', folder, '--json'], withPassphrase(source)));
    file = backupIn(folder);
    heads = await emails(source);
    expect(JSON.parse(out)).toMatchObject({ file, bytes: statSync(file).size });
  }, 90_000);

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
      runCommand(['restore', '--in', file, ...more], withPassphrase(target));
    expectRefusal(await command(), /--yes/);
    expect(expectOk(await command('--dry-run')).out).toMatch(/would fit/);
    expect(expectOk(await command('--yes')).out).toMatch(/Restored/);
    expectRefusal(await command('--yes'), /not empty|already/);
    expect(await emails(target)).toEqual(heads);
  }, 90_000);

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
    const wrong = await runCommand(
      ['restore', '--in', file, '--yes'],
      withPassphrase(target, 'another passphrase'),
    );
    expectRefusal(wrong, /cannot be opened/);
    const { sha256 } = await attempt(bytes);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(await emails(target)).toEqual(heads);
  }, 120_000);

  it('works with a public key, whose secret one the backup never sees', async () => {
    const identity = await generateX25519Identity();
    const [out, target] = [newFolder(), await make()];
    const recipient = await identityToRecipient(identity);
    expectOk(await runCommand(['backup', '--out', out, '--recipient', recipient], source));
    const keyFile = join(newFolder(), 'key.txt');
    writeFileSync(keyFile, `# a key\n${identity}\n`);
    expectOk(await runCommand(['restore', '--in', backupIn(out), '--yes', '--identity', keyFile], target));
    expect(await emails(target)).toEqual(heads);
  }, 90_000);

  it('leaves nothing behind when it cannot be made', async () => {
    const out = newFolder();
    expectRefusal(
      await runCommand(['backup', '--out', out], withPassphrase(source, 'short')),
      /12 characters/,
    );
    expectRefusal(
      await runCommand(['backup', '--out', out, '--recipient', 'age1nonsense'], source),
      /no public key/,
    );
    expectRefusal(await runCommand(['backup'], withPassphrase(source)), /--out/);
    expect(readdirSync(out)).toEqual([]);
  }, 60_000);
}

onEmbedded('a backup of the embedded database', () => {
  drill({
    ending: '.tar.gz.age',
    make: () => Promise.resolve({ ...secrets, DATA_DIR: newFolder() }),
  });
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
    const roles = {
      owner: 'benteng_drill_owner',
      application: 'benteng_drill_app',
      backup: 'benteng_drill_backup',
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
    expectOk(await runCommand(['db:migrate'], source.environment));
    await administer(source.superuser, databaseRolesSql(roles));
    expectOk(
      await runCommand(
        ['admin:create', '--email', 'tiga@example.com', '--organization', 'T'],
        source.environment,
      ),
    );
    const out = newFolder();
    const BACKUP_DATABASE_URL = asRole(source.superuser, roles.backup);
    expectOk(
      await runCommand(['backup', '--out', out], {
        ...source.environment,
        BACKUP_DATABASE_URL,
        BACKUP_PASSPHRASE: PASSPHRASE,
      }),
    );
    expectOk(
      await runCommand(['restore', '--in', backupIn(out), '--yes', '--dry-run'], {
        ...target.environment,
        BACKUP_PASSPHRASE: PASSPHRASE,
      }),
    );
    const restored = await runCommand(['restore', '--in', backupIn(out), '--yes'], {
      ...target.environment,
      BACKUP_PASSPHRASE: PASSPHRASE,
    });
    expect(expectOk(restored).out).toMatch(/^Restored\.\n/);
    await administer(target.superuser, databaseRolesSql(roles));
    expectOk(await runCommand(['audit:verify'], target.environment));
    const [row] = await administer(target.superuser, 'SELECT count(*)::int AS users FROM benteng.users');
    expect(row).toEqual({ users: 1 });
    for (const name of Object.values(roles))
      for (const { superuser } of [source, target])
        await administer(superuser, `DROP OWNED BY ${name} CASCADE`);
    for (const name of Object.values(roles)) await administer(serverUrl!, `DROP ROLE ${name}`);
  }, 90_000);
});
