import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '../../src/platform/database/database.js';
import { AccountCompromise } from '../../src/incidents/account-compromise.js';
import { DatabaseLeak } from '../../src/incidents/database-leak.js';
import { generateSecret } from '../../src/platform/config/development-secrets.js';
import type { DatabaseConnection } from '../../src/platform/database/database.js';
import { KeyRegister } from '../../src/platform/database/key-register.js';
import { aPerson, aSignedInAdmin, signIn, type SignedIn } from '../factories/people.js';
import { aServiceKey } from '../factories/service-keys.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
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

    it('goes on where it was killed, with the list it had made', async () => {
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
      const report = await leak.run(undefined, folder);
      expect(report.state.affected).toHaveLength(1);
      expect(report.state.steps).toMatchObject({ keys: 2, integrations: 1, 'service-keys': 1, sessions: 1 });
      expect(report.state.finishedAt).not.toBeNull();
      await test.app.get(KeyRegister).assertReadable();
      await expect(leak.run(undefined, folder)).resolves.toMatchObject({ state: { affected: [] } });
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
