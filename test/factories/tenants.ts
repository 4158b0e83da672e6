import { RandomSource } from '../../src/platform/crypto/random-source.js';
import { SERVICE_SCOPES } from '../../src/platform/access/principal.js';
import type { TestApp } from '../support/test-app.js';
import { form, FORM_TYPE } from './forms.js';
import { aPerson, signIn, type SignedIn } from './people.js';
import { anEnrolledPerson, signInWithCode } from './second-factors.js';
import { aServiceKey } from './service-keys.js';
import { aReceiver, deliver } from './webhooks.js';
import { aWorkbook } from './workbooks.js';

/** An organization that has something of everything that a caller may name by its id. */
export interface FurnishedTenant {
  readonly admin: SignedIn;
  /** Signed in, without rights. */
  readonly user: SignedIn;
  /** Of every scope. */
  readonly serviceKey: string;
}

/** Fills the organization of an administrator who has just signed in; the clock moves a minute. */
export async function furnish(test: TestApp, admin: SignedIn): Promise<FurnishedTenant> {
  const { organizationId } = admin;
  const user = await signIn(test, await aPerson(test, { organizationId }));
  await user.client.post('/auth/forgot-password', { email: user.email });
  await signInWithCode(test, await anEnrolledPerson(test, { organizationId }), { rememberDevice: true });
  const { key: serviceKey } = await aServiceKey(admin, [...SERVICE_SCOPES]);
  const receiver = await aReceiver(admin);
  const made = [
    await deliver(test, receiver),
    await admin.client.post(
      `/integrations/${receiver.id}/imports`,
      form([{ name: 'Orders.xlsx', content: aWorkbook([['a']]) }]),
      { 'Content-Type': FORM_TYPE },
    ),
    await admin.client.post('/admin/blocked-addresses', { address: '192.0.2.77', reason: 'Floods us.' }),
  ];
  for (const { status, body } of made)
    if (status >= 300) throw new Error(`the organization is not furnished: ${JSON.stringify(body)}`);
  const now = test.clock.now();
  await test.database.client.alert.create({
    data: {
      id: test.app.get(RandomSource).id(),
      organizationId,
      kind: 'account_locked',
      details: { userId: user.id },
      createdAt: now,
      lastRaisedAt: now,
    },
  });
  return { admin, user, serviceKey };
}
