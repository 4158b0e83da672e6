import { RandomSource } from '../../src/platform/crypto/random-source.js';
import { OPERATOR } from '../../src/platform/passwords/hash-caller.js';
import { PasswordHasher } from '../../src/platform/passwords/password-hasher.js';
import type { Prisma } from '../../src/platform/database/generated/client.js';
import type { TestApp } from '../support/test-app.js';
import type { TestClient } from '../support/test-client.js';

/** A password that fulfils every rule. */
export const GOOD_PASSWORD = 'Kuda-lepas7 meja hijau';
/** Another one. */
export const OTHER_PASSWORD = 'Perahu_tenang9 batu langit';

/** An account that exists, with the password its owner knows. */
export interface Person {
  readonly id: string;
  readonly organizationId: string;
  readonly email: string;
  readonly password: string;
}

/** A person and the browser they are signed in with. */
export type SignedIn = Person & { readonly client: TestClient };

let sharedHash: Promise<string> | undefined;
let counter = 0;

/** Adds an organization and returns its id. */
export async function anOrganization(
  { app, clock, database }: TestApp,
  name = 'Toko Sejahtera',
): Promise<string> {
  const id = app.get(RandomSource).id();
  await database.client.organization.create({ data: { id, name, createdAt: clock.now() } });
  return id;
}

/** Adds an active account with `GOOD_PASSWORD`; a new organization unless one is given. */
export async function aPerson(
  test: TestApp,
  overrides: Partial<Prisma.UserUncheckedCreateInput> = {},
): Promise<Person> {
  counter += 1;
  sharedHash ??= test.app.get(PasswordHasher).hash(GOOD_PASSWORD, OPERATOR);
  const data: Prisma.UserUncheckedCreateInput = {
    id: test.app.get(RandomSource).id(),
    organizationId: overrides.organizationId ?? (await anOrganization(test)),
    email: `person${counter}@example.com`,
    name: `Person ${counter}`,
    role: 'USER',
    passwordHash: await sharedHash,
    passwordChangedAt: test.clock.now(),
    createdAt: test.clock.now(),
    ...overrides,
  };
  await test.database.client.user.create({ data });
  return { id: data.id, organizationId: data.organizationId, email: data.email, password: GOOD_PASSWORD };
}

/** Signs a person in on a new browser. */
export async function signIn(test: TestApp, person: Person): Promise<SignedIn> {
  const client = test.client();
  const response = await client.login(person);
  if (response.body.status !== 'authenticated')
    throw new Error(`sign-in failed: ${JSON.stringify(response.body)}`);
  return { ...person, client };
}

/** An administrator who is signed in. */
export async function aSignedInAdmin(
  test: TestApp,
  overrides: Partial<Prisma.UserUncheckedCreateInput> = {},
): Promise<SignedIn> {
  return signIn(test, await aPerson(test, { role: 'ADMIN', ...overrides }));
}

/** An ordinary user who is signed in. */
export async function aSignedInUser(
  test: TestApp,
  overrides: Partial<Prisma.UserUncheckedCreateInput> = {},
): Promise<SignedIn> {
  return signIn(test, await aPerson(test, overrides));
}

/** Issues a temporary password for an account, as an administrator of its organization would. */
export async function issueTemporaryPassword(
  admin: SignedIn,
  userId: string,
  body?: { replace: boolean },
): Promise<string> {
  const response = await admin.client.post(`/admin/password-resets/${userId}/temporary-password`, body);
  if (response.status !== 201) throw new Error(`no temporary password: ${JSON.stringify(response.body)}`);
  return (response.body as { temporaryPassword: string }).temporaryPassword;
}

/** Somebody whose sign-in waits for the forced change, with the challenge token and the browser that holds it. */
export async function aForcedChange(test: TestApp) {
  const admin = await aSignedInAdmin(test);
  const person = await aPerson(test, { organizationId: admin.organizationId });
  const temporaryPassword = await issueTemporaryPassword(admin, person.id);
  const client = test.client();
  const response = await client.login({ email: person.email, password: temporaryPassword });
  const { challengeToken } = response.body as { challengeToken: string };
  return { admin, person, temporaryPassword, client, response, challengeToken };
}
