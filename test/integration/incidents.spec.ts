import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '../../src/platform/database/database.js';
import { AccountCompromise } from '../../src/incidents/account-compromise.js';
import { DatabaseLeak } from '../../src/incidents/database-leak.js';
import { ANSWER_TO_LEAK } from '../../src/incidents/token-revocation.js';
import { generateSecret } from '../../src/platform/config/development-secrets.js';
import type { DatabaseConnection } from '../../src/platform/database/database.js';
import { ENCRYPTED_FIELDS } from '../../src/platform/database/encrypted-fields.js';
import { KeyRegister } from '../../src/platform/database/key-register.js';
import { KeyRotation } from '../../src/platform/database/key-rotation.js';
import { OperatorError } from '../../src/platform/errors/operator-error.js';
import {
  aForcedChange,
  aPerson,
  aSignedInAdmin,
  issueTemporaryPassword,
  OTHER_PASSWORD,
  signIn,
  type SignedIn,
} from '../factories/people.js';
import { anEnrolledPerson, challenged } from '../factories/second-factors.js';
import { aServiceKey } from '../factories/service-keys.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import type { TestClient } from '../support/test-client.js';
import { openTestDatabase } from '../support/test-database.js';

const k1 = generateSecret('ENCRYPTION_KEYS');
const k2 = generateSecret('ENCRYPTION_KEYS', k1);

describe('incidents', () => {
  let connection: DatabaseConnection;
  let test: TestApp;
  let admin: SignedIn;
  let folder: string;

  const restart = async (ring: string) => {
    await test?.close();
    test = await startTestApp({
      connection: { ...connection, close: () => Promise.resolve() },
      environment: { ...NO_LIMITS, ENCRYPTION_KEYS: ring },
    });
    // As `main.ts` does.
    await test.app.get(KeyRegister).assertReadable();
  };
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'benteng-incident-'));
    connection = await openTestDatabase();
    await restart(k1);
    admin = await aSignedInAdmin(test);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await test.close();
    await connection.close();
    rmSync(folder, { recursive: true });
  });

  /** The same browser after a restart. */
  const after = (browser: TestClient) => {
    const same = test.client();
    for (const [name, value] of browser.cookies) same.cookies.set(name, value);
    same.accessToken = browser.accessToken;
    return same;
  };

  const addIntegration = async () => {
    const response = await admin.client.post('/integrations', {
      provider: 'SCALEV',
      label: '=Toko',
      accessToken: 'token-of-the-shop',
      config: { shop: 1 },
    });
    return (response.body as { id: string }).id;
  };

  describe('a leaked database', () => {
    it('is answered as a whole: keys, tokens, sessions, passwords, and whom to tell [L-6.2]', async () => {
      const id = await addIntegration();
      const { key } = await aServiceKey(admin, ['credentials:read']);
      const user = await signIn(test, await aPerson(test, { organizationId: admin.organizationId }));
      await restart(`${k2},${k1}`);
      const leak = test.app.get(DatabaseLeak);
      expect(await leak.plan()).toEqual({
        encryptedValues: 2,
        integrations: 1,
        serviceKeys: 1,
        liveSessions: 2,
        passwords: 2,
      });
      const report = await leak.run(undefined, folder);
      expect(report.state.steps).toEqual({
        keys: 2,
        integrations: 1,
        'service-keys': 1,
        sessions: 2,
        passwords: 2,
        trail: 1,
      });
      const row = await test.database.client.integration.findUniqueOrThrow({ where: { id } });
      expect(row).toMatchObject({ status: 'DISABLED', accessToken: null, config: null });
      expect(await test.database.client.serviceKey.count()).toBe(0);
      const headers = { Authorization: `Bearer ${user.client.accessToken}` };
      expect((await test.client().get('/users/me', headers)).status).toBe(401);
      const service = await test
        .client()
        .post('/internal/tokens/introspect', { token: 'x' }, { 'X-Service-Key': key });
      expect(service.status).toBe(401);
      expect((await test.client().login(user)).body).toMatchObject({ status: 'password_change_required' });
      const affected = {
        integrationId: id,
        organizationId: admin.organizationId,
        organization: 'Toko Sejahtera',
        provider: 'SCALEV',
        label: '=Toko',
      };
      expect(JSON.parse(readFileSync(join(report.folder, 'notify.json'), 'utf8'))).toEqual([affected]);
      expect(readFileSync(join(report.folder, 'notify.csv'), 'utf8').split('\r\n')[1]).toContain(
        `"SCALEV","'=Toko"`,
      );
      const trail = await test.database.client.securityEvent.findMany({
        where: { action: 'incident.database_leak' },
      });
      expect(trail).toMatchObject([
        { organizationId: admin.organizationId, details: { integrations: 1, passwords: 2 } },
      ]);
    });

    it('is refused as long as the first key may be in the leak, and nothing is changed', async () => {
      const id = await addIntegration();
      await expect(test.app.get(DatabaseLeak).run(undefined, folder)).rejects.toThrow(
        'Put a new key in front',
      );
      expect((await admin.client.get(`/integrations/${id}`)).body).toMatchObject({ status: 'ACTIVE' });
    });

    it('goes on where it was killed when told so, with the list it had made; else a new incident is a new report [F-9]', async () => {
      await addIntegration();
      await aServiceKey(admin, ['credentials:read']);
      await restart(`${k2},${k1}`);
      const leak = test.app.get(DatabaseLeak);
      const run = test.app.get(Database).run.bind(test.app.get(Database));
      jest.spyOn(test.app.get(Database), 'run').mockImplementation(async (statement, parameters, tx) => {
        if (statement.name === 'leak_service-keys') throw new Error('killed');
        return run(statement, parameters, tx);
      });
      await expect(leak.run(undefined, folder)).rejects.toThrow('killed');
      jest.restoreAllMocks();
      expect(await test.database.client.serviceKey.count()).toBe(1);
      // Of another incident: somebody has signed in since, and nothing is taken as done.
      const [killed] = readdirSync(folder);
      await test.database.client.user.updateMany({ data: { mustChangePassword: false } });
      await signIn(test, await aPerson(test, { organizationId: admin.organizationId }));
      const other = await leak.run(undefined, folder);
      expect(other.folder).not.toBe(join(folder, killed!));
      expect(other.state.steps).toMatchObject({ sessions: 1, passwords: 2, 'service-keys': 1 });
      expect(leak.unfinished(folder)).toEqual([killed]);

      const report = await leak.run(undefined, folder, { resume: killed });
      expect(report.id).toBe(killed);
      expect(report.state.affected).toHaveLength(1);
      expect(report.state.steps).toMatchObject({ keys: 2, sessions: 1, passwords: 1 });
      expect(report.state.finishedAt).not.toBeNull();
      await test.app.get(KeyRegister).assertReadable();
      expect(leak.unfinished(folder)).toEqual([]);
      for (const resume of [killed, 'database-leak-of-nobody', '../database-leak-x'])
        await expect(leak.run(undefined, folder, { resume })).rejects.toThrow(OperatorError);
      await expect(leak.run(undefined, folder)).resolves.toMatchObject({ state: { affected: [] } });
    });

    it('runs on a service that writes with the new key, and refuses one that has been in front for long [F-9]', async () => {
      await addIntegration();
      await restart(`${k2},${k1}`);
      admin = { ...admin, client: after(admin.client) };
      expect(await addIntegration()).toEqual(expect.any(String));
      const leak = test.app.get(DatabaseLeak);
      const ended = new AbortController();
      const writing = (async () => {
        while (!ended.signal.aborted) await addIntegration();
      })();
      const report = await leak.run(undefined, folder).finally(() => ended.abort());
      await writing;
      expect(report.state.finishedAt).not.toBeNull();
      expect(report.state.affected!.length).toBeGreaterThanOrEqual(2);
      // Nobody whose secrets were removed is missing from the list.
      const revoked = await test.database.client.integration.findMany({ where: { status: 'DISABLED' } });
      expect(report.state.affected!.map(({ integrationId }) => integrationId).toSorted()).toEqual(
        revoked.map(({ id }) => id).toSorted(),
      );
      expect(await test.app.get(KeyRotation).countDue()).toBe(0);

      await test.database.client.$executeRawUnsafe(
        `UPDATE benteng.encryption_keys SET created_at = created_at - interval '25 hours'`,
      );
      admin = await aSignedInAdmin(test);
      await addIntegration();
      await expect(leak.run(undefined, folder)).rejects.toThrow('Put a new key in front');
      expect(readdirSync(folder)).toHaveLength(1);
    });

    it('leaves nobody in who signs in while it runs, or held what opens an account before [F-9]', async () => {
      const { organizationId } = admin;
      const people = await Promise.all(Array.from({ length: 3 }, () => aPerson(test, { organizationId })));
      const { challengeToken, client: waiting, person: reset, temporaryPassword } = await aForcedChange(test);
      const enrolled = await anEnrolledPerson(test, { organizationId });
      const { client: trusting, challengeToken: second } = await challenged(test, enrolled);
      const proof = { challengeToken: second, code: enrolled.codeNow(), rememberDevice: true };
      expect((await trusting.post('/auth/two-factor', proof)).status).toBe(200);
      test.clock.advanceSeconds(30);
      const open = await challenged(test, enrolled);
      await restart(`${k2},${k1}`);

      const browsers: TestClient[] = [];
      const pending: Promise<void>[] = [];
      const comeIn = async (): Promise<void> => {
        for (const person of people) {
          const browser = test.client();
          browsers.push(browser);
          await browser.login(person);
        }
      };
      // A sign-in between any two statements, and while those of a transaction run.
      const database = test.app.get(Database);
      const run = database.run.bind(database);
      jest.spyOn(database, 'run').mockImplementation(async (statement, parameters, tx) => {
        const isAnswer = statement.name.startsWith('leak_');
        if (isAnswer && tx !== undefined) pending.push(comeIn());
        if (isAnswer && tx === undefined) await comeIn();
        return run(statement, parameters, tx);
      });
      await comeIn();
      await test.app.get(DatabaseLeak).run(undefined, folder);
      await Promise.all(pending);
      jest.restoreAllMocks();

      expect(browsers.filter(({ accessToken }) => accessToken !== undefined).length).toBeGreaterThan(0);
      for (const browser of [...browsers, admin.client, enrolled.client, trusting].map(after)) {
        const token = browser.accessToken;
        expect((await browser.get('/users/me')).status).toBe(401);
        if (token !== undefined) expect((await browser.refresh()).status).toBe(401);
      }
      for (const person of people)
        expect((await test.client().login(person)).body).toMatchObject({
          status: 'password_change_required',
        });
      const change = { challengeToken, newPassword: OTHER_PASSWORD };
      expect((await after(waiting).post('/auth/password-change', change)).status).toBe(401);
      expect((await test.client().login({ ...reset, password: temporaryPassword })).status).toBe(401);
      const late = { challengeToken: open.challengeToken, code: enrolled.codeNow() };
      expect((await after(open.client).post('/auth/two-factor', late)).status).toBe(401);
      expect((await after(trusting).login(enrolled)).body).toMatchObject({ status: 'two_factor_required' });
    });

    it('ends what an old session makes for itself meanwhile: service keys and temporary passwords [F-9]', async () => {
      const friend = await aPerson(test, { organizationId: admin.organizationId });
      await restart(`${k2},${k1}`);
      const thief = { ...admin, client: after(admin.client) };
      const made: { key?: string; temporaryPassword?: string } = {};
      const database = test.app.get(Database);
      const closing = jest.spyOn(database, 'transaction').mockImplementationOnce(async (work) => {
        // The last moment of the old session: the accounts are about to be closed.
        closing.mockRestore();
        made.temporaryPassword = await issueTemporaryPassword(thief, friend.id);
        const { key } = await aServiceKey(thief, ['credentials:read']);
        made.key = key;
        return database.transaction(work);
      });
      await test.app.get(DatabaseLeak).run(undefined, folder);
      expect(made).toEqual({ key: expect.any(String), temporaryPassword: expect.any(String) });
      expect(await test.database.client.serviceKey.count()).toBe(0);
      const { temporaryPassword: password } = made;
      expect((await test.client().login({ email: friend.email, password: password! })).status).toBe(401);
    });

    it('knows what to do with every encrypted field, and leaves none that is revoked [F-9]', async () => {
      expect(Object.keys(ANSWER_TO_LEAK).toSorted()).toEqual(Object.keys(ENCRYPTED_FIELDS).toSorted());
      const revoked = Object.entries(ANSWER_TO_LEAK).filter(([, answer]) => answer === 'revoked');
      expect(revoked.map(([model]) => model)).toEqual(['Integration']);
      const id = await addIntegration();
      const fields = Object.keys(ENCRYPTED_FIELDS['Integration']!.columns);
      const { organizationId } = admin;
      const filled = Object.fromEntries(
        fields.map((field) => [field, field === 'config' ? { shop: 1 } : 'a secret']),
      );
      await test.database.client.integration.update({ where: { id, organizationId }, data: filled });
      await restart(`${k2},${k1}`);
      const report = await test.app.get(DatabaseLeak).run(undefined, folder);
      expect(report.state.steps).toMatchObject({ keys: fields.length, integrations: 1 });
      const row = await test.database.client.integration.findUniqueOrThrow({ where: { id } });
      expect(row).toMatchObject(Object.fromEntries(fields.map((field) => [field, null])));
    });
  });

  describe('an account that somebody else has used', () => {
    it('gets a temporary password, loses every session, and shows its sign-ins [L-6.2]', async () => {
      const person = await signIn(test, await aPerson(test));
      await test.client().login({ email: person.email, password: 'wrong' });
      const incident = test.app.get(AccountCompromise);
      expect(await incident.look(person.email)).toMatchObject({
        userId: person.id,
        liveSessions: 1,
        rememberedDevices: 0,
      });
      expect((await person.client.get('/users/me')).status).toBe(200);
      const secured = await incident.secure(person.email);
      expect(
        secured.attempts.map(({ success, failureReason }) => failureReason ?? success).toSorted(),
      ).toEqual(['invalid_password', true].toSorted());
      expect((await person.client.get('/users/me')).status).toBe(401);
      expect((await test.client().login(person)).status).toBe(401);
      const answer = await test.client().login({ email: person.email, password: secured.temporaryPassword });
      expect(answer.body).toMatchObject({ status: 'password_change_required' });
      await expect(incident.look('nobody@example.com')).rejects.toThrow('No account has the address');
    });
  });
});
