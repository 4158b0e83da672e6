import { aPerson, aSignedInAdmin, aSignedInUser, type Person, type SignedIn } from '../factories/people.js';
import { aServiceKey } from '../factories/service-keys.js';
import { pageOf } from '../support/pages.js';
import { expectProblem } from '../support/problems.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('the token balance', () => {
  let test: TestApp;
  let admin: SignedIn;
  let person: Person;
  let key: string;
  beforeAll(async () => {
    test = await startTestApp({ environment: NO_LIMITS });
  });
  beforeEach(async () => {
    admin = await aSignedInAdmin(test);
    person = await aPerson(test, { organizationId: admin.organizationId });
    key = (await aServiceKey(admin, ['balance:debit'])).key;
  });
  afterAll(() => test.close());

  let counter = 0;
  const movement = (amount: unknown, more: object = {}) => {
    counter += 1;
    return { amount, reason: 'October', idempotencyKey: `key-${counter}`, ...more };
  };
  const credit = (amount: unknown, more: object = {}) =>
    admin.client.post(`/users/${person.id}/token-balance`, movement(amount, more));
  const debit = (amount: unknown, more: object = {}) =>
    test.client().post(`/internal/users/${person.id}/token-balance/debit`, movement(amount, more), {
      'X-Service-Key': key,
    });

  it('is credited by an administrator, debited by a service, and every movement is a row [A-4]', async () => {
    expect((await credit(100)).body).toEqual({ balance: 100 });
    expect((await debit(30)).body).toEqual({ balance: 70 });
    const { items } = pageOf(await admin.client.get(`/users/${person.id}/token-balance`));
    expect(items).toMatchObject([
      { amount: -30, balance: 70, reason: 'October' },
      { amount: 100, balance: 100, reason: 'October', actorId: admin.id },
    ]);
    const client = test.client();
    await client.login(person);
    expect((await client.get('/users/me')).body).toMatchObject({ tokenBalance: 70 });
    expect(pageOf(await client.get('/users/me/token-balance')).items).toEqual(items);
    const first = pageOf(await client.get('/users/me/token-balance?limit=1'));
    const second = pageOf(await client.get(`/users/me/token-balance?limit=1&cursor=${first.nextCursor}`));
    expect([...first.items, ...second.items]).toEqual(items);
    expect(second.nextCursor).toBeNull();
  });

  it('is never below zero: fifty debits at once of a balance of ten take exactly ten [A-4]', async () => {
    await credit(10);
    const answers = await Promise.all(Array.from({ length: 50 }, () => debit(1)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
    for (const refused of answers.filter(({ status }) => status !== 200))
      expectProblem(refused, 402, 'BALANCE_TOO_LOW');
    const row = await test.database.client.user.findUniqueOrThrow({ where: { id: person.id } });
    expect(row.tokenBalance).toBe(0);
    expect(await test.database.client.balanceEntry.count({ where: { userId: person.id } })).toBe(11);
  });

  it('counts a repeated key once, also at the same instant, and refuses it for anything else', async () => {
    await credit(100);
    const same = { idempotencyKey: 'order-1' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => debit(40, same)));
    expect(answers.map(({ status, body }) => [status, body])).toEqual(
      Array.from({ length: 10 }, () => [200, { balance: 60 }]),
    );
    expectProblem(await debit(41, same), 409, 'CONFLICT');
    expectProblem(await debit(40, { ...same, reason: 'November' }), 409, 'CONFLICT');
    expectProblem(await credit(40, same), 409, 'CONFLICT');
    expect((await debit(1)).body).toEqual({ balance: 59 });
  });

  it('does not grow past what its column holds', async () => {
    await credit(1_000_000_000);
    await credit(1_000_000_000);
    expectProblem(await credit(1), 409, 'CONFLICT');
  });

  it('is moved inside the organization only, by those who may', async () => {
    const stranger = await aSignedInAdmin(test);
    const body = movement(1);
    expectProblem(await stranger.client.post(`/users/${person.id}/token-balance`, body), 404, 'NOT_FOUND');
    expectProblem(await stranger.client.get(`/users/${person.id}/token-balance`), 404, 'NOT_FOUND');
    const user = await aSignedInUser(test, { organizationId: admin.organizationId });
    expectProblem(await user.client.post(`/users/${user.id}/token-balance`, body), 403, 'FORBIDDEN');
    key = (await aServiceKey(stranger, ['balance:debit'])).key;
    expectProblem(await debit(1), 404, 'NOT_FOUND');
    key = (await aServiceKey(admin, ['tokens:introspect'])).key;
    expectProblem(await debit(1), 403, 'FORBIDDEN');
  });

  it.each([0, -1, 1.5, '1', null, true, [1], 1e10, Number.MAX_SAFE_INTEGER + 1])(
    'refuses the amount %p',
    async (amount) => {
      expectProblem(await credit(amount), 400, 'VALIDATION_FAILED');
      expectProblem(await debit(amount), 400, 'VALIDATION_FAILED');
    },
  );

  it('refuses the amount 1e400, which JSON may write', async () => {
    const text = `{"amount":1e400,"reason":"x","idempotencyKey":"big"}`;
    const response = await admin.client.post(`/users/${person.id}/token-balance`, text, {
      'Content-Type': 'application/json',
    });
    expectProblem(response, 400, 'VALIDATION_FAILED');
  });

  it('has a ledger that only grows, and a trace of every credit', async () => {
    await credit(5);
    const { client } = test.database;
    await expect(client.balanceEntry.deleteMany({ where: { userId: person.id } })).rejects.toThrow();
    await expect(client.balanceEntry.updateMany({ data: { amount: 1 } })).rejects.toThrow();
    const trail = await client.securityEvent.findMany({
      where: { targetId: person.id, action: 'balance.credited' },
    });
    expect(trail).toMatchObject([
      { actorId: admin.id, details: { amount: 5, balance: 5, reason: 'October' } },
    ]);
  });
});
