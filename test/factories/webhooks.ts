import type { Response } from 'supertest';
import type { Integration } from '../../src/platform/database/generated/client.js';
import { WEBHOOK_SCHEMES } from '../../src/webhooks/schemes/index.js';
import type { SignedIn } from './people.js';
import type { TestApp } from '../support/test-app.js';
import type { TestClient } from '../support/test-client.js';

/** An integration that receives webhooks, and how its provider signs. */
export interface Receiver {
  readonly id: string;
  readonly scheme: Integration['webhookScheme'];
  readonly secret: string;
}

const PROVIDER_OF: Record<Integration['webhookScheme'], Integration['provider']> = {
  standard: 'CUSTOM',
  tiktok: 'TIKTOK_SHOP',
  scalev: 'SCALEV',
  google_ads: 'GOOGLE_ADS',
  hmac: 'MENGANTAR',
};

/** An integration of an administrator, with the default scheme of its provider. */
export async function aReceiver(
  { client }: SignedIn,
  scheme: Receiver['scheme'] = 'standard',
  secret = `whsec_${Buffer.from(`secret for ${scheme} tests`).toString('base64')}`,
): Promise<Receiver> {
  const response = await client.post('/integrations', {
    provider: PROVIDER_OF[scheme],
    label: `Shop ${scheme}`,
    webhookSecret: secret,
  });
  if (response.status !== 201) throw new Error(`no integration: ${JSON.stringify(response.body)}`);
  return { id: (response.body as { id: string }).id, scheme, secret };
}

/** What may differ from an honest delivery. */
export interface Sending {
  readonly id?: string;
  /** Off the clock of the test. */
  readonly seconds?: number;
  readonly secret?: string;
  readonly body?: string | Buffer;
  readonly headers?: Record<string, string | undefined>;
  readonly client?: TestClient;
  /** Sent there instead. */
  readonly to?: string;
}

let nextId = 0;

/** Signs and posts as the provider would. */
export async function deliver(
  test: TestApp,
  { id: integrationId, scheme, secret }: Receiver,
  sending: Sending = {},
): Promise<Response> {
  const timestamp = Math.floor(test.clock.now().getTime() / 1000) + (sending.seconds ?? 0);
  nextId += 1;
  const id = sending.id ?? `evt_${nextId}`;
  const content = sending.body ?? JSON.stringify({ order: 1, lead_id: id, unique_id: id });
  const signed = WEBHOOK_SCHEMES[scheme].sign(sending.secret ?? secret, Buffer.from(content as string), {
    id,
    timestamp,
  });
  return (sending.client ?? test.client()).post(`/webhooks/${sending.to ?? integrationId}`, signed.body, {
    'Content-Type': 'application/json',
    ...signed.headers,
    ...sending.headers,
  });
}
