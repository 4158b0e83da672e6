import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSecret, type SecretName } from '../../src/platform/config/development-secrets.js';
import { OTHER_PASSWORD } from '../factories/people.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { runCommand } from '../support/cli.js';
import { hasPostgresServer, OwnPostgres } from '../support/postgres-server.js';
import {
  FIRST_ADMINISTRATOR,
  killAll,
  startProgram,
  takeOver,
  terminate,
  type Program,
} from '../support/program.js';
import { roundRobin, type RoundRobin } from '../support/round-robin.js';
import { TestClient } from '../support/test-client.js';
import { headerOf } from '../support/tokens.js';

if (!hasPostgresServer)
  process.stdout.write('PostgreSQL is not installed: the drill of the keys is not run here.\n');

const NAMES: readonly SecretName[] = ['JWT_PRIVATE_KEYS', 'ENCRYPTION_KEYS', 'TOKEN_KEYS'];
type Secrets = Record<SecretName, string>;

/** docs/operations.md, "Signing keys" and "The other keys", step by step. */
(hasPostgresServer ? describe : describe.skip)(
  'new keys for two instances, one restarted after the other',
  () => {
    let postgres: OwnPostgres;
    let folder: string;
    let settings: Record<string, string>;
    const programs: Program[] = [];
    const targets: string[] = [];
    let balancer: RoundRobin | undefined;

    const older = Object.fromEntries(NAMES.map((name) => [name, generateSecret(name)])) as Secrets;
    const newer = Object.fromEntries(
      NAMES.map((name) => [name, generateSecret(name, older[name])]),
    ) as Secrets;
    /** The settings in which several keys follow each other. */
    const inOrder = (...sets: Secrets[]) =>
      Object.fromEntries(
        NAMES.map((name) => [
          name,
          sets.map((set) => set[name]).join(name === 'JWT_PRIVATE_KEYS' ? '\n' : ','),
        ]),
      );

    beforeAll(async () => {
      postgres = await OwnPostgres.create();
      folder = mkdtempSync(join(tmpdir(), 'benteng-keys-'));
      settings = { ...NO_LIMITS, DATABASE_URL: postgres.url, TRUST_PROXY: '127.0.0.1' };
      for (const index of [0, 1]) {
        programs[index] = await startProgram(folder, { ...settings, ...inOrder(older) });
        targets[index] = programs[index].url;
      }
      balancer = await roundRobin(targets);
      await takeOver(balancer.url, programs[0]!.output(), OTHER_PASSWORD);
    }, 60_000);
    afterAll(async () => {
      await killAll();
      balancer?.close();
      await postgres.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    const signIn = async (): Promise<TestClient> => {
      const client = new TestClient(balancer!.url, '10.0.0.1');
      expect((await client.login({ email: FIRST_ADMINISTRATOR, password: OTHER_PASSWORD })).status).toBe(200);
      return client;
    };
    /** Restarts one instance after the other with other keys, each time with `use` on both while they differ. */
    const roll = async (keys: Record<string, string>, use: () => Promise<void>): Promise<void> => {
      for (const index of [0, 1]) {
        const former = programs[index]!;
        programs[index] = await startProgram(folder, { ...settings, ...keys });
        targets[index] = programs[index].url;
        expect(await terminate(former.process)).toBe(0);
        await use();
      }
    };

    it('costs nobody a session, an answer or a secret, when the new key is known everywhere before it is used', async () => {
      const person = await signIn();
      const laptopAtHome = await signIn();
      const { body: made } = await person.post('/integrations', {
        provider: 'CUSTOM',
        label: 'old',
        accessToken: 'made with the old key',
      });
      const { body: issued } = await person.post('/service-keys', {
        name: 'k',
        scopes: ['credentials:read'],
      });
      const service = { 'X-Service-Key': (issued as { key: string }).key };
      const ids = [(made as { id: string }).id];
      /** Often enough that each instance is asked for each thing, with what the other one has just made. */
      const use = async (): Promise<void> => {
        for (let turn = 0; turn < 4; turn += 1) {
          expect((await person.get('/users/me')).status).toBe(200);
          expect((await person.refresh()).status).toBe(200);
          const created = await person.post('/integrations', {
            provider: 'CUSTOM',
            label: 'x',
            accessToken: 'a secret',
          });
          expect(created.status).toBe(201);
          ids.push((created.body as { id: string }).id);
          for (const id of [ids[0]!, ids.at(-1)!]) {
            const read = await new TestClient(balancer!.url, '10.0.0.2').get(
              `/internal/integrations/${id}/credentials?purpose=drill`,
              service,
            );
            expect([read.status, typeof (read.body as { accessToken: unknown }).accessToken]).toEqual([
              200,
              'string',
            ]);
          }
        }
      };
      const kidOf = () => headerOf(person.accessToken!)['kid'];
      await use();
      const oldKid = kidOf();
      const oldToken = person.accessToken;

      await roll(inOrder(older, newer), use);
      expect(kidOf()).toBe(oldKid);
      await roll(inOrder(newer, older), use);
      expect(kidOf()).not.toBe(oldKid);
      const { body } = await person.get('/.well-known/jwks.json');
      expect((body as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)).toEqual([kidOf(), oldKid]);

      const environment = { ...settings, ...inOrder(newer, older), DATA_DIR: folder };
      const rotated = await runCommand(['keys:rotate', '--json'], environment);
      expect(JSON.parse(rotated.out)).toMatchObject({ unreadable: 0 });
      await roll(inOrder(newer), use);
      // What only the old keys had made is refused, and the way out is the usual one.
      const early = { Authorization: `Bearer ${oldToken}` };
      expect((await new TestClient(balancer!.url, '10.0.0.3').get('/users/me', early)).status).toBe(401);
      expect((await laptopAtHome.refresh()).status).toBe(401);
      await signIn();
    }, 120_000);

    it('would cost them, when one instance already uses a key that the other does not know', async () => {
      const newest = Object.fromEntries(
        NAMES.map((name) => [name, generateSecret(name, newer[name])]),
      ) as Secrets;
      const former = programs[0]!;
      programs[0] = await startProgram(folder, { ...settings, ...inOrder(newest, newer) });
      targets[0] = programs[0].url;
      await terminate(former.process);
      const [ahead, behind] = targets.map((url) => new TestClient(url, '10.0.0.4'));
      await ahead!.login({ email: FIRST_ADMINISTRATOR, password: OTHER_PASSWORD });
      behind!.accessToken = ahead!.accessToken;
      expect((await behind!.get('/users/me')).status).toBe(401);
    }, 60_000);
  },
);
