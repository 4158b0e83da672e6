import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { form, FORM_TYPE } from '../factories/forms.js';
import { OTHER_PASSWORD } from '../factories/people.js';
import { aLongWorkbook } from '../factories/workbooks.js';
import { kill, killAll, startProgram } from '../support/program.js';
import { TestClient } from '../support/test-client.js';
import { NO_LIMITS } from '../support/no-limits.js';

const ROUNDS = 3;
const EMAIL = 'admin@benteng.test';
const LONG_WORKBOOK = aLongWorkbook(400_000);

let dataDir: string;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'benteng-crash-'));
});
afterAll(async () => {
  await killAll();
  rmSync(dataDir, { recursive: true, force: true });
});

/** The program on the embedded database. */
const start = () => startProgram(dataDir, { ...NO_LIMITS, MAX_SESSIONS_PER_USER: '1000' });

/** What was answered before the crash, and must be there after it. */
interface Promised {
  readonly users: string[];
  readonly temporaryPasswords: { email: string; password: string }[];
  /** Refresh tokens that nobody spent. */
  readonly refreshTokens: string[];
  /** Sessions that were ended. */
  readonly ended: string[];
}

/** Writes without a pause until the program is gone, noting what was answered. */
async function writeUntilKilled(url: string, admin: TestClient, round: number): Promise<Promised> {
  const promised: Promised = { users: [], temporaryPasswords: [], refreshTokens: [], ended: [] };
  const accounts = async (): Promise<void> => {
    for (let index = 0; ; index += 1) {
      const email = `person-${round}-${index}@example.com`;
      const created = await admin.post('/users', { email, name: 'P' });
      const { id } = created.body as { id: string };
      promised.users.push(id);
      const issued = await admin.post(`/admin/password-resets/${id}/temporary-password`);
      const { temporaryPassword: password } = issued.body as { temporaryPassword: string };
      promised.temporaryPasswords.push({ email, password });
    }
  };
  const sessions = async (): Promise<void> => {
    for (let index = 0; ; index += 1) {
      const client = new TestClient(url, '10.0.0.2');
      const login = await client.login({ email: EMAIL, password: OTHER_PASSWORD });
      if (login.status !== 200) throw new Error(`no sign-in: ${login.status}`);
      if (index % 3 === 1) {
        await client.refresh();
        await client.refresh();
      }
      const token = client.cookies.get('refresh')!;
      if (index % 3 === 2) {
        await client.post('/auth/logout', undefined, { 'X-Requested-With': 'test' });
        promised.ended.push(token);
      } else promised.refreshTokens.push(token);
    }
  };
  // Both loops end when the connection is cut.
  const [first, second] = await Promise.allSettled([accounts(), sessions()]);
  for (const { reason } of [first, second] as PromiseRejectedResult[])
    expect(String(reason)).toMatch(/ECONNRESET|ECONNREFUSED|socket hang up|Parse Error/);
  return promised;
}

/** Sends a workbook that takes seconds to read. @returns its path, when reading has begun. */
async function uploadUntilItIsRead(admin: TestClient): Promise<string> {
  const created = await admin.post('/integrations', { provider: 'CUSTOM', label: 'x' });
  const path = `/integrations/${(created.body as { id: string }).id}/imports`;
  const body = form([{ name: 'a.xlsx', content: LONG_WORKBOOK }]);
  // The answer is lost with the process.
  admin.post(path, body, { 'Content-Type': FORM_TYPE }).catch(() => undefined);
  for (let tries = 0; tries < 200; tries += 1) {
    const { items } = (await admin.get(path)).body as { items: { id: string; status: string }[] };
    if (items[0]?.status === 'PARSING') return `${path}/${items[0].id}`;
    await delay(25);
  }
  throw new Error('the workbook is not being read');
}

async function untilRead(admin: TestClient, path: string): Promise<unknown> {
  for (let tries = 0; tries < 40; tries += 1) {
    const { body } = await admin.get(path);
    if ((body as { status: string }).status !== 'PARSING') return body;
    await delay(50);
  }
  return 'still being read';
}

async function refresh(url: string, token: string): Promise<number> {
  const client = new TestClient(url, '10.0.0.3');
  client.cookies.set('refresh', token);
  return (await client.refresh()).status;
}

describe('a program that is killed in the middle of its work', () => {
  it('has everything it had answered: accounts, temporary passwords, sessions, and that they ended; what was being read is given up [V16.5.3] [F-8]', async () => {
    let program = await start();
    const first = /Temporary password[^:]*: (\S+)/.exec(program.output())?.[1];
    const owner = new TestClient(program.url, '10.0.0.1');
    const challenged = await owner.login({ email: EMAIL, password: first! });
    const { challengeToken } = challenged.body as { challengeToken: string };
    await owner.post('/auth/password-change', { challengeToken, newPassword: OTHER_PASSWORD });
    let total = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const admin = new TestClient(program.url, '10.0.0.1');
      await admin.login({ email: EMAIL, password: OTHER_PASSWORD });
      const upload = round === 0 ? await uploadUntilItIsRead(admin) : null;
      const writing = writeUntilKilled(program.url, admin, round);
      await delay(300 + Math.random() * 400);
      await kill(program.process);
      const promised = await writing;

      program = await start();
      expect(program.output()).not.toMatch(/First administrator|error/i);
      const again = new TestClient(program.url, '10.0.0.1');
      const login = await again.login({ email: EMAIL, password: OTHER_PASSWORD });
      expect(login.body).toMatchObject({ status: 'authenticated' });
      // Without waiting for a timer: the start itself ends what nobody reads any more.
      if (upload !== null)
        expect(await untilRead(again, upload)).toMatchObject({
          status: 'REFUSED',
          refusal: expect.stringContaining('interrupted'),
        });
      for (const id of promised.users) expect((await again.get(`/users/${id}`)).status).toBe(200);
      for (const credentials of promised.temporaryPasswords) {
        const { body } = await new TestClient(program.url, '10.0.0.4').login(credentials);
        expect(body).toMatchObject({ status: 'password_change_required' });
      }
      for (const token of promised.refreshTokens) expect(await refresh(program.url, token)).toBe(200);
      for (const token of promised.ended) expect(await refresh(program.url, token)).toBe(401);
      total += promised.users.length + promised.temporaryPasswords.length + promised.refreshTokens.length;
    }
    expect(total).toBeGreaterThan(ROUNDS);
  }, 60_000);
});
