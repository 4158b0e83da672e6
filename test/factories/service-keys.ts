import type { ServiceScopeName } from '../../src/platform/access/principal.js';
import type { SignedIn } from './people.js';

/** A service key as its maker sees it once. */
export interface IssuedServiceKey {
  readonly id: string;
  readonly key: string;
}

/** Makes a service key in the organization of an administrator who has just signed in. */
export async function aServiceKey(
  { client }: SignedIn,
  scopes: ServiceScopeName[],
  more: object = {},
): Promise<IssuedServiceKey> {
  const response = await client.post('/service-keys', { name: 'Settlement', scopes, ...more });
  if (response.status !== 201) throw new Error(`no service key: ${JSON.stringify(response.body)}`);
  return response.body as IssuedServiceKey;
}
