import {
  anOrganization,
  aPerson,
  aSignedInAdmin,
  aSignedInUser,
  GOOD_PASSWORD,
  OTHER_PASSWORD,
  signIn,
} from '../factories/people.js';
import { pageOf } from '../support/pages.js';
import { expectProblem, faultsOf, withoutRequestId } from '../support/problems.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const USER_FIELDS = [
  'createdAt',
  'email',
  'hasPassword',
  'id',
  'lastLoginAt',
  'locale',
  'mustChangePassword',
  'name',
  'passwordResetRequestDate',
  'passwordResetRequested',
  'role',
  'status',
  'temporaryPassword',
  'twoFactorEnabled',
  'updatedAt',
];
const UNKNOWN_ID = '01890a5d-ac96-774b-bcce-b302099a8057';

describe('users', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startTestApp();
  });
  afterAll(() => test.close());

  const rowOf = (id: string) => test.database.client.user.findUnique({ where: { id } });
  const actionsOn = async (targetId: string) => {
    const events = await test.database.client.securityEvent.findMany({ where: { targetId } });
    return events.map(({ action }) => action);
  };
  /** An administrator and a colleague of the same organization. */
  const aPair = async (overrides: Parameters<typeof aPerson>[1] = {}) => {
    const admin = await aSignedInAdmin(test);
    const person = await aPerson(test, { organizationId: admin.organizationId, ...overrides });
    return { admin, person };
  };

  describe('GET and PATCH /users/me', () => {
    it('shows one’s own account with the organization and nothing secret [A-5]', async () => {
      const { client, id, organizationId } = await aSignedInUser(test);
      const response = await client.get('/users/me');
      expect(response.status).toBe(200);
      expect(Object.keys(response.body as object).toSorted()).toEqual(
        [...USER_FIELDS, 'organization', 'tokenBalance'].toSorted(),
      );
      expect(response.body).toMatchObject({ id, organization: { id: organizationId }, tokenBalance: 0 });
      expect(response.text).not.toMatch(/argon2|credentialVersion/);
    });

    it('changes name and language, each alone too', async () => {
      const { client, id } = await aSignedInUser(test);
      const both = await client.patch('/users/me', { name: 'Siti Aminah', locale: 'id' });
      expect(both.status).toBe(200);
      expect(both.body).toMatchObject({ name: 'Siti Aminah', locale: 'id' });
      expect((await client.patch('/users/me', { locale: 'en' })).body).toMatchObject({
        name: 'Siti Aminah',
        locale: 'en',
      });
      expect((await client.patch('/users/me', {})).body).toMatchObject({ name: 'Siti Aminah', locale: 'en' });
      expect(await actionsOn(id)).toContain('user.updated');
    });

    it('does not let anybody give himself rights, nor clear a name [A-5] [O-3]', async () => {
      const { client } = await aSignedInUser(test);
      for (const field of ['role', 'status', 'email', 'tokenBalance', 'organizationId', 'passwordHash'])
        expect(faultsOf(await client.patch('/users/me', { [field]: 'ADMIN' }))).toEqual([
          `${field}:unknown_field`,
        ]);
      for (const name of [null, '', '   ', 'x'.repeat(201), 'a\nb', 7])
        expect(faultsOf(await client.patch('/users/me', { name }))).toEqual(['name:wrong_form']);
      expect(faultsOf(await client.patch('/users/me', { locale: 'fr' }))).toEqual(['locale:not_allowed']);
      expect((await client.get('/users/me')).body).toMatchObject({ role: 'USER' });
    });
  });

  describe('GET /users', () => {
    it('shows the people of one’s own organization only, newest first [L-0.1]', async () => {
      const { admin, person } = await aPair();
      await aPair();
      const { items, nextCursor } = pageOf(await admin.client.get('/users'));
      expect(items.map(({ id }) => id)).toEqual([person.id, admin.id]);
      expect(nextCursor).toBeNull();
      expect(Object.keys(items[0]!).toSorted()).toEqual(USER_FIELDS);
    });

    it('is for administrators [O-3]', async () => {
      const { client } = await aSignedInUser(test);
      expectProblem(await client.get('/users'), 403, 'FORBIDDEN');
      expectProblem(await test.client().get('/users'), 401, 'UNAUTHENTICATED');
    });

    it('filters by role, status, reset flag, forced change and any combination, and may be empty', async () => {
      const { admin, person } = await aPair({ status: 'SUSPENDED' });
      const flagged = await aPerson(test, {
        organizationId: admin.organizationId,
        passwordResetRequestedAt: test.clock.now(),
      });
      const idsFor = async (query: string) =>
        pageOf(await admin.client.get(`/users?${query}`)).items.map(({ id }) => id);
      expect(await idsFor('role=ADMIN')).toEqual([admin.id]);
      expect(await idsFor('role=USER')).toEqual([flagged.id, person.id]);
      expect(await idsFor('status=SUSPENDED')).toEqual([person.id]);
      expect(await idsFor('passwordResetRequested=true')).toEqual([flagged.id]);
      expect(await idsFor('passwordResetRequested=false')).toEqual([person.id, admin.id]);
      expect(await idsFor('role=USER&status=ACTIVE')).toEqual([flagged.id]);
      const { id } = await aPerson(test, { organizationId: admin.organizationId, mustChangePassword: true });
      expect(await idsFor('mustChangePassword=true')).toEqual([id]);
      expect(await idsFor('mustChangePassword=false')).toEqual([flagged.id, person.id, admin.id]);
      expect(await idsFor('mustChangePassword=true&role=ADMIN')).toEqual([]);
      expect(pageOf(await admin.client.get('/users?role=ADMIN&status=SUSPENDED'))).toEqual({
        items: [],
        nextCursor: null,
      });
    });

    it('finds the beginning of a word of the name or the address, and what follows, in any case [F-48]', async () => {
      const admin = await aSignedInAdmin(test);
      const { organizationId } = admin;
      const idsFor = async (search: string) =>
        pageOf(await admin.client.get(`/users?search=${encodeURIComponent(search)}`)).items.map(
          ({ id }) => id,
        );
      const name = 'Élise  Al-Farisi D’Wayan';
      const elise = await aPerson(test, { organizationId, name, email: 'e.al-farisi+toko@mail.example.id' });
      for (const search of ['élise', 'ÉLISE  AL-F', 'farisi d', 'wayan', 'd’w', '-FARISI'])
        expect({ search, found: await idsFor(search) }).toEqual({ search, found: [elise.id] });
      for (const search of ['al-farisi+t', 'toko@mail', 'E.AL', '@mail.example', 'mail.example.id'])
        expect({ search, found: await idsFor(search) }).toEqual({ search, found: [elise.id] });
      for (const search of ['lise', 'arisi', 'wayan d', 'oko@', 'xample.id', 'alfarisi', ' '])
        expect({ search, found: await idsFor(search) }).toEqual({ search, found: [] });

      // Whoever writes the row, its terms go along: rename by oneself, by an administrator, removal.
      const own = await aSignedInUser(test, { organizationId, name: 'Before' });
      expect(await idsFor('before')).toEqual([own.id]);
      await own.client.patch('/users/me', { name: 'Komang' });
      expect([await idsFor('before'), await idsFor('komang')]).toEqual([[], [own.id]]);
      await admin.client.patch(`/users/${own.id}`, { name: 'Putu' });
      expect([await idsFor('komang'), await idsFor('putu')]).toEqual([[], [own.id]]);
      await admin.client.delete(`/users/${own.id}`);
      expect(await idsFor('putu')).toEqual([]);
      expect(await test.database.client.userSearchTerm.count({ where: { userId: own.id } })).toBe(0);
    });

    it('takes what is searched for literally, in any case, wildcards too [O-5] [T-4.1]', async () => {
      const { admin } = await aPair();
      const percent = await aPerson(test, { organizationId: admin.organizationId, name: '100% Sari_Rasa' });
      const slash = await aPerson(test, { organizationId: admin.organizationId, name: String.raw`Budi\Ani` });
      const idsFor = async (search: string) =>
        pageOf(await admin.client.get(`/users?search=${encodeURIComponent(search)}`)).items.map(
          ({ id }) => id,
        );
      expect(await idsFor('sari_RASA')).toEqual([percent.id]);
      expect(await idsFor('100%')).toEqual([percent.id]);
      expect(await idsFor('%')).toEqual([percent.id]);
      expect(await idsFor('_')).toEqual([percent.id]);
      expect(await idsFor('\\')).toEqual([slash.id]);
      expect(await idsFor(slash.email.toUpperCase())).toEqual([slash.id]);
      expect(await idsFor(`' OR 1=1 --`)).toEqual([]);
      expect(await idsFor('')).toHaveLength(4);
    });

    it('leads through all pages without a gap or a repetition, also while people join', async () => {
      const admin = await aSignedInAdmin(test);
      const people = [admin];
      for (let index = 0; index < 4; index += 1)
        people.push({
          ...(await aPerson(test, { organizationId: admin.organizationId })),
          client: admin.client,
        });
      const expected = people.map(({ id }) => id).toReversed();
      const first = pageOf(await admin.client.get('/users?limit=2'));
      await aPerson(test, { organizationId: admin.organizationId });
      const second = pageOf(await admin.client.get(`/users?limit=2&cursor=${first.nextCursor}`));
      const third = pageOf(await admin.client.get(`/users?limit=2&cursor=${second.nextCursor}`));
      expect([first, second, third].flatMap(({ items }) => items.map(({ id }) => id))).toEqual(expected);
      expect(third.nextCursor).toBeNull();
      const exact = pageOf(await admin.client.get('/users?limit=6'));
      expect([exact.items.length, exact.nextCursor]).toEqual([6, null]);
    });

    it('shows 20 people unless asked for more', async () => {
      const admin = await aSignedInAdmin(test);
      await test.database.client.user.createMany({
        data: Array.from({ length: 20 }, (_, index) => ({
          id: `01890a5d-ac96-774b-bcce-${String(index).padStart(12, '0')}`,
          organizationId: admin.organizationId,
          email: `many${index}@example.com`,
          name: 'Many',
          createdAt: test.clock.now(),
          updatedAt: test.clock.now(),
        })),
      });
      const page = pageOf(await admin.client.get('/users'));
      expect(page.items).toHaveLength(20);
      expect(page.nextCursor).not.toBeNull();
      expect(pageOf(await admin.client.get('/users?limit=100')).items).toHaveLength(21);
    });

    it('refuses unknown, wrong and repeated parameters [A-6]', async () => {
      const { client } = await aSignedInAdmin(test);
      const refused: Record<string, string> = {
        'limit=0': 'limit:wrong_form',
        'limit=101': 'limit:wrong_form',
        'limit=1e1': 'limit:wrong_form',
        'limit=': 'limit:wrong_form',
        'limit=1&limit=2': 'limit:wrong_form',
        'role=admin': 'role:not_allowed',
        'role=ADMIN&role=USER': 'role:not_allowed',
        'status=': 'status:not_allowed',
        'search[contains]=x': 'search[contains]:unknown_field',
        'passwordResetRequested=1': 'passwordResetRequested:wrong_form',
        'mustChangePassword=1': 'mustChangePassword:wrong_form',
        'cursor=x': 'cursor:invalid',
        'cursor=': 'cursor:invalid',
        'orderBy=passwordHash': 'orderBy:unknown_field',
      };
      for (const [query, fault] of Object.entries(refused)) {
        const response = await client.get(`/users?${query}`);
        expectProblem(response, 400, 'VALIDATION_FAILED');
        expect({ query, faults: faultsOf(response) }).toEqual({ query, faults: [fault] });
      }
    });
  });

  describe('POST /users', () => {
    it('adds an account without a password, which nobody can sign in to [O-1]', async () => {
      const admin = await aSignedInAdmin(test);
      const response = await admin.client.post('/users', { email: ' New.One@Example.com ', name: 'New One' });
      expect(response.status).toBe(201);
      expect(Object.keys(response.body as object).toSorted()).toEqual(USER_FIELDS);
      expect(response.body).toMatchObject({
        email: 'new.one@example.com',
        name: 'New One',
        role: 'USER',
        status: 'ACTIVE',
        hasPassword: false,
        mustChangePassword: false,
        lastLoginAt: null,
        createdAt: test.clock.now().toISOString(),
      });
      const id = response.body.id as string;
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(await rowOf(id)).toMatchObject({ organizationId: admin.organizationId, passwordHash: null });
      expect(await actionsOn(id)).toEqual(['user.created']);
      const login = { email: 'new.one@example.com', password: GOOD_PASSWORD };
      expectProblem(await test.client().login(login), 401, 'INVALID_CREDENTIALS');
    });

    it('takes a role, and nothing else', async () => {
      const { client } = await aSignedInAdmin(test);
      const added = await client.post('/users', { email: 'boss@example.com', name: 'Boss', role: 'ADMIN' });
      expect(added.body).toMatchObject({ role: 'ADMIN' });
      expect(
        faultsOf(
          await client.post('/users', {
            email: 'x@example.com',
            name: 'X',
            password: GOOD_PASSWORD,
            organizationId: UNKNOWN_ID,
            role: 'OWNER',
          }),
        ),
      ).toEqual(['organizationId:unknown_field', 'password:unknown_field', 'role:not_allowed']);
    });

    it('refuses an address that is in use, also from another organization', async () => {
      const { admin, person } = await aPair();
      const stranger = await aPerson(test);
      for (const email of [person.email, stranger.email.toUpperCase()])
        expectProblem(await admin.client.post('/users', { email, name: 'X' }), 409, 'CONFLICT');
    });

    it('is for administrators [O-3]', async () => {
      const { client } = await aSignedInUser(test);
      expectProblem(await client.post('/users', { email: 'y@example.com', name: 'Y' }), 403, 'FORBIDDEN');
    });
  });

  describe('GET /users/:id', () => {
    it('shows a colleague to an administrator, oneself to everybody, others to nobody [A-5]', async () => {
      const { admin, person } = await aPair();
      const shown = await admin.client.get(`/users/${person.id}`);
      expect(shown.status).toBe(200);
      expect(Object.keys(shown.body as object).toSorted()).toEqual(USER_FIELDS);
      const client = test.client();
      await client.login(person);
      expect((await client.get(`/users/${person.id}`)).body).toMatchObject({ id: person.id });
      expect((await client.get(`/users/${person.id.toUpperCase()}`)).status).toBe(200);
      expectProblem(await client.get(`/users/${admin.id}`), 403, 'FORBIDDEN');
    });

    it('answers for another organization like for an id that does not exist [L-0.1] [A-5]', async () => {
      const { client } = await aSignedInAdmin(test);
      const stranger = await aPerson(test);
      const [foreign, unknown] = [
        await client.get(`/users/${stranger.id}`),
        await client.get(`/users/${UNKNOWN_ID}`),
      ];
      expectProblem(foreign, 404, 'NOT_FOUND');
      expect({ ...(withoutRequestId(foreign) as object), instance: '' }).toEqual({
        ...(withoutRequestId(unknown) as object),
        instance: '',
      });
      expectProblem(await client.get('/users/1'), 400, 'VALIDATION_FAILED');
    });
  });

  describe('PATCH /users/:id', () => {
    it('changes name, role and status, and traces each [O-3]', async () => {
      const { admin, person } = await aPair();
      const response = await admin.client.patch(`/users/${person.id}`, { name: 'Wayan', role: 'ADMIN' });
      expect(response.status).toBe(200);
      expect(response.body).toMatchObject({ id: person.id, name: 'Wayan', role: 'ADMIN', status: 'ACTIVE' });
      await admin.client.patch(`/users/${person.id}`, { status: 'SUSPENDED' });
      await admin.client.patch(`/users/${person.id}`, { status: 'ACTIVE' });
      expect(await actionsOn(person.id)).toEqual(
        expect.arrayContaining(['user.updated', 'user.role_changed', 'user.suspended', 'user.activated']),
      );
    });

    it('a changed role bites on the very next request [V8.3.2]', async () => {
      const { admin, person } = await aPair({ role: 'ADMIN' });
      const client = test.client();
      await client.login(person);
      expect((await client.get('/users')).status).toBe(200);
      await admin.client.patch(`/users/${person.id}`, { role: 'USER' });
      expectProblem(await client.get('/users'), 403, 'FORBIDDEN');
    });

    it('a suspension ends the sessions at once and for good [V7.4.2]', async () => {
      const { admin, person } = await aPair();
      const client = test.client();
      await client.login(person);
      await admin.client.patch(`/users/${person.id}`, { status: 'SUSPENDED' });
      expectProblem(await client.get('/users/me'), 401, 'SESSION_ENDED');
      expectProblem(await test.client().login(person), 401, 'INVALID_CREDENTIALS');
      await admin.client.patch(`/users/${person.id}`, { status: 'ACTIVE' });
      expectProblem(await client.get('/users/me'), 401, 'SESSION_ENDED');
      expect((await test.client().login(person)).status).toBe(200);
    });

    it('a changed password clears the flag, ends the sessions and must be changed at the next login [T-5.3]', async () => {
      const { admin, person } = await aPair();
      const client = test.client();
      await client.login(person);
      await client.post('/auth/forgot-password', { email: person.email });
      const response = await admin.client.patch(`/users/${person.id}`, { password: OTHER_PASSWORD });
      expect(response.body).toMatchObject({
        passwordResetRequested: false,
        passwordResetRequestDate: null,
        mustChangePassword: true,
        hasPassword: true,
      });
      expectProblem(await client.get('/users/me'), 401, 'SESSION_ENDED');
      expectProblem(await test.client().login(person), 401, 'INVALID_CREDENTIALS');
      // Unlike a temporary password it is no one-time secret: it opens the forced change until that is done.
      for (let attempt = 0; attempt < 2; attempt += 1)
        expect(
          (await test.client().login({ email: person.email, password: OTHER_PASSWORD })).body,
        ).toMatchObject({ status: 'password_change_required' });
    });

    it('leaves the flag alone when something else changes [T-5.3]', async () => {
      const { admin, person } = await aPair({ passwordResetRequestedAt: test.clock.now() });
      const { body } = await admin.client.patch(`/users/${person.id}`, { name: 'X', role: 'ADMIN' });
      expect(body).toMatchObject({ passwordResetRequested: true });
    });

    it('applies the password rules and then changes nothing at all [L-S6.1]', async () => {
      const { admin, person } = await aPair();
      const response = await admin.client.patch(`/users/${person.id}`, { name: 'X', password: 'password' });
      expectProblem(response, 400, 'PASSWORD_REFUSED');
      expect(faultsOf(response)).toContain('password:needs_digit');
      expect(await rowOf(person.id)).not.toMatchObject({ name: 'X' });
    });

    it('does not change one’s own password, which needs the present one', async () => {
      const { id, client } = await aSignedInAdmin(test);
      expectProblem(await client.patch(`/users/${id}`, { password: OTHER_PASSWORD }), 403, 'FORBIDDEN');
    });

    it('refuses fields that are not for administrators either [A-6]', async () => {
      const { admin, person } = await aPair();
      const body = { email: 'a@example.com', organizationId: UNKNOWN_ID, tokenBalance: 5 };
      expect(faultsOf(await admin.client.patch(`/users/${person.id}`, body))).toEqual([
        'email:unknown_field',
        'organizationId:unknown_field',
        'tokenBalance:unknown_field',
      ]);
      expect(faultsOf(await admin.client.patch(`/users/${person.id}`, { role: null, name: null }))).toEqual([
        'name:wrong_form',
        'role:not_allowed',
      ]);
    });

    it('is for administrators of the same organization [L-0.1] [O-3]', async () => {
      const stranger = await aSignedInAdmin(test);
      const { client, id } = await aSignedInUser(test);
      expectProblem(await stranger.client.patch(`/users/${id}`, { role: 'ADMIN' }), 404, 'NOT_FOUND');
      expectProblem(await client.patch(`/users/${id}`, { role: 'ADMIN' }), 403, 'FORBIDDEN');
      expect(await rowOf(id)).toMatchObject({ role: 'USER' });
    });
  });

  describe('the last active administrator', () => {
    it('can be neither demoted, suspended nor deleted', async () => {
      const { admin } = await aPair();
      await aPerson(test, { organizationId: admin.organizationId, role: 'ADMIN', status: 'SUSPENDED' });
      const path = `/users/${admin.id}`;
      expectProblem(await admin.client.patch(path, { role: 'USER' }), 409, 'LAST_ADMIN');
      expectProblem(await admin.client.patch(path, { status: 'SUSPENDED' }), 409, 'LAST_ADMIN');
      expectProblem(await admin.client.delete(path), 409, 'LAST_ADMIN');
      expect((await admin.client.patch(path, { name: 'Still here' })).status).toBe(200);
    });

    it('[F-30] is the one who can sign in: who never did, or cannot any more, does not count', async () => {
      const { admin } = await aPair();
      const { organizationId } = admin;
      const past = new Date(test.clock.now().getTime() - 1000);
      const others = [
        await aPerson(test, { organizationId, role: 'ADMIN' }),
        await aPerson(test, { organizationId, role: 'ADMIN', lastLoginAt: past, passwordHash: null }),
        await aPerson(test, {
          organizationId,
          role: 'ADMIN',
          lastLoginAt: past,
          mustChangePassword: true,
          temporaryPasswordExpiresAt: past,
        }),
        // Still good, but it ends by itself in a day.
        await aPerson(test, {
          organizationId,
          role: 'ADMIN',
          lastLoginAt: past,
          mustChangePassword: true,
          temporaryPasswordExpiresAt: new Date(test.clock.now().getTime() + 86_400_000),
        }),
      ];
      const path = `/users/${admin.id}`;
      expectProblem(await admin.client.patch(path, { role: 'USER' }), 409, 'LAST_ADMIN');
      expectProblem(await admin.client.patch(path, { status: 'SUSPENDED' }), 409, 'LAST_ADMIN');
      expectProblem(await admin.client.delete(path), 409, 'LAST_ADMIN');
      // Such a one may go; once he has signed in, the first one may.
      expect((await admin.client.delete(`/users/${others[1]!.id}`)).status).toBe(204);
      await signIn(test, others[0]!);
      expect((await admin.client.patch(path, { role: 'USER' })).status).toBe(200);
    });

    it('[F-30] stays, even when two remove each other beside one who never signed in', async () => {
      const organizationId = await anOrganization(test);
      const one = await aSignedInAdmin(test, { organizationId });
      const two = await aSignedInAdmin(test, { organizationId });
      await aPerson(test, { organizationId, role: 'ADMIN' });
      const answers = await Promise.all([
        one.client.delete(`/users/${two.id}`),
        two.client.patch(`/users/${one.id}`, { role: 'USER' }),
      ]);
      expect(answers.filter(({ status }) => status < 300)).toHaveLength(1);
    });

    it('stays, even when two administrators remove each other at once', async () => {
      for (const act of ['demote', 'suspend', 'delete'] as const) {
        const organizationId = await anOrganization(test);
        const one = await aSignedInAdmin(test, { organizationId });
        const two = await aSignedInAdmin(test, { organizationId });
        const strike = (by: typeof one, target: string) =>
          act === 'delete'
            ? by.client.delete(`/users/${target}`)
            : by.client.patch(
                `/users/${target}`,
                act === 'demote' ? { role: 'USER' } : { status: 'SUSPENDED' },
              );
        const answers = await Promise.all([strike(one, two.id), strike(two, one.id)]);
        expect(answers.filter(({ status }) => status < 300)).toHaveLength(1);
        const left = await test.database.client.user.count({
          where: { organizationId, role: 'ADMIN', status: 'ACTIVE' },
        });
        expect({ act, left }).toEqual({ act, left: 1 });
      }
    });
  });

  describe('DELETE /users/:id', () => {
    it('ends sessions and challenges, keeps the trail [V7.4.2]', async () => {
      const { admin, person } = await aPair();
      const client = test.client();
      await client.login(person);
      const response = await admin.client.delete(`/users/${person.id}`);
      expect([response.status, response.text]).toEqual([204, '']);
      expectProblem(await client.get('/users/me'), 401, 'SESSION_ENDED');
      expectProblem(await client.refresh(), 401, 'SESSION_ENDED');
      expectProblem(await test.client().login(person), 401, 'INVALID_CREDENTIALS');
      expectProblem(await admin.client.get(`/users/${person.id}`), 404, 'NOT_FOUND');
      expectProblem(await admin.client.delete(`/users/${person.id}`), 404, 'NOT_FOUND');
      expect(await actionsOn(person.id)).toEqual(expect.arrayContaining(['session.started', 'user.deleted']));
    });

    it('is for administrators of the same organization [L-0.1] [O-3]', async () => {
      const stranger = await aSignedInAdmin(test);
      const { client, id } = await aSignedInUser(test);
      expectProblem(await stranger.client.delete(`/users/${id}`), 404, 'NOT_FOUND');
      expectProblem(await client.delete(`/users/${id}`), 403, 'FORBIDDEN');
      expect((await client.get('/users/me')).status).toBe(200);
    });
  });

  describe('DELETE /users/:id/sessions', () => {
    it('ends every live session of an account and says how many [V7.4.5] [L-S8.2]', async () => {
      const { admin, person } = await aPair();
      const clients = [test.client(), test.client()];
      for (const client of clients) await client.login(person);
      const path = `/users/${person.id}/sessions`;
      expect((await admin.client.delete(path)).body).toEqual({ revoked: 2 });
      for (const client of clients) expectProblem(await client.get('/users/me'), 401, 'SESSION_ENDED');
      expect((await admin.client.delete(path)).body).toEqual({ revoked: 0 });
    });

    it('is for administrators of the same organization [L-0.1] [O-3]', async () => {
      const stranger = await aSignedInAdmin(test);
      const { client, id } = await aSignedInUser(test);
      expectProblem(await stranger.client.delete(`/users/${id}/sessions`), 404, 'NOT_FOUND');
      expectProblem(await client.delete(`/users/${id}/sessions`), 403, 'FORBIDDEN');
      expect((await client.get('/users/me')).status).toBe(200);
    });
  });
});
