import { aPerson, GOOD_PASSWORD, OTHER_PASSWORD } from '../factories/people.js';
import { expectProblem, faultsOf, withoutRequestId } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

describe('registration', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test.close());

  let counter = 0;
  const anApplication = (overrides: object = {}) => {
    counter += 1;
    return {
      email: `founder${counter}@example.com`,
      password: GOOD_PASSWORD,
      name: 'Ana Wijaya',
      organizationName: 'Warung Melati',
      ...overrides,
    };
  };
  const register = (overrides: object = {}) => test.client().post('/auth/register', anApplication(overrides));

  it('creates an organization whose first administrator can sign in [D-1]', async () => {
    const application = anApplication();
    const response = await test.client().post('/auth/register', application);
    expect(response.status).toBe(202);
    expect(response.body).toEqual({ status: 'accepted' });
    expect(response.headers['set-cookie']).toBeUndefined();

    const client = test.client();
    const { body } = await client.login(application);
    expect(body).toMatchObject({
      status: 'authenticated',
      user: {
        email: application.email,
        name: 'Ana Wijaya',
        role: 'ADMIN',
        status: 'ACTIVE',
        locale: 'en',
        hasPassword: true,
        mustChangePassword: false,
        organization: { name: 'Warung Melati' },
      },
    });
    const events = await test.database.client.securityEvent.findMany({ where: { targetId: body.user.id } });
    expect(events.map(({ action }) => action).toSorted()).toEqual([
      'organization.registered',
      'session.started',
    ]);
  });

  it('answers a taken address like a free one and changes nothing [V6.3.8]', async () => {
    const owner = await aPerson(test);
    const countRows = () =>
      Promise.all([test.database.client.organization.count(), test.database.client.user.count()]);
    const before = await countRows();
    const [taken, free] = [
      await register({ email: owner.email.toUpperCase(), password: OTHER_PASSWORD }),
      await register(),
    ];
    expect([taken.status, taken.text]).toEqual([free.status, free.text]);
    expect(Object.keys(taken.headers).toSorted()).toEqual(Object.keys(free.headers).toSorted());
    expect(await countRows()).toEqual(before.map((count) => count + 1));
    expectProblem(
      await test.client().login({ email: owner.email, password: OTHER_PASSWORD }),
      401,
      'INVALID_CREDENTIALS',
    );
    expect((await test.client().login(owner)).status).toBe(200);
  });

  it('judges the password of a taken address like that of a free one [V6.3.8]', async () => {
    const owner = await aPerson(test);
    const taken = await register({ email: owner.email, password: 'password' });
    const free = await register({ password: 'password' });
    expectProblem(taken, 400, 'PASSWORD_REFUSED');
    expect(withoutRequestId(taken)).toEqual(withoutRequestId(free));
  });

  it('makes one account when the same address registers several times at once', async () => {
    const application = anApplication();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => test.client().post('/auth/register', application)),
    );
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
    expect(await test.database.client.user.count({ where: { email: application.email } })).toBe(1);
  });

  it('keeps the address in its one canonical form', async () => {
    const application = anApplication();
    await test
      .client()
      .post('/auth/register', { ...application, email: ` ${application.email.toUpperCase()} ` });
    expect((await test.client().login(application)).body).toMatchObject({
      user: { email: application.email },
    });
  });

  it('refuses weak passwords and says which rules are not met [L-S6.1]', async () => {
    const refusals: [string, string][] = [
      ['aB3!', 'password:too_short'],
      ['KUDA-LEPAS7 MEJA HIJAU', 'password:needs_lowercase'],
      ['kuda-lepas7 meja hijau', 'password:needs_uppercase'],
      ['Kuda-lepas meja hijau', 'password:needs_digit'],
      ['Kudalepas7mejahijau', 'password:needs_symbol'],
      [`Aa1!${'x'.repeat(125)}`, 'password:too_long'],
      ['P@ssw0rd', 'password:guessable'],
      ['Melati-kuda7 lepas', 'password:contains_organization_name'],
    ];
    for (const [password, fault] of refusals) {
      const response = await register({ password });
      expectProblem(response, 400, 'PASSWORD_REFUSED');
      expect(faultsOf(response)).toContain(fault);
      expect(response.text).not.toContain(password);
    }
  });

  it('refuses unknown, missing and wrongly typed fields, naming each of them [A-6] [O-5]', async () => {
    const client = test.client();
    const empty = await client.post('/auth/register', {});
    expectProblem(empty, 400, 'VALIDATION_FAILED');
    expect(faultsOf(empty).map((fault) => fault.split(':')[0])).toEqual([
      'email',
      'name',
      'organizationName',
      'password',
    ]);
    expect(faultsOf(await register({ role: 'ADMIN' }))).toEqual(['role:unknown_field']);
    expect(faultsOf(await register({ name: 5, organizationName: null }))).toEqual([
      'name:wrong_form',
      'organizationName:wrong_form',
    ]);
    expect(faultsOf(await register({ password: 12345678 }))).toEqual(['password:wrong_type']);
    expect(faultsOf(await register({ email: 'аdmin@example.com' }))).toEqual(['email:wrong_form']);
    expect(faultsOf(await register({ name: 'a\0b' }))).toEqual(['name:unusable_text']);
  });

  it('gives stored text back exactly as it came, inert in JSON [O-5]', async () => {
    const name = `Robert'); DROP TABLE users;-- <script>alert(1)</script> 🦜`;
    const application = anApplication({ name, organizationName: 'Ибу & "Сын" 株式会社' });
    await test.client().post('/auth/register', application);
    expect((await test.client().login(application)).body.user).toMatchObject({
      name,
      organization: { name: 'Ибу & "Сын" 株式会社' },
    });
  });
});

describe('closed registration', () => {
  it('refuses everybody before anything is looked at', async () => {
    const test = await startTestApp({ environment: { REGISTRATION: 'closed' } });
    try {
      const application = {
        email: 'a@example.com',
        password: GOOD_PASSWORD,
        name: 'A',
        organizationName: 'B',
      };
      expectProblem(await test.client().post('/auth/register', application), 403, 'REGISTRATION_CLOSED');
      expect(await test.database.client.user.count()).toBe(0);
    } finally {
      await test.close();
    }
  });
});
