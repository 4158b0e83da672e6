import { valid } from 'semver';
import { NotChecked } from './advisories.js';

const TIMEOUT_MS = 30_000;

/** What a registry says of a package. */
export interface PublishedVersions {
  readonly latest: string;
  readonly versions: readonly string[];
}

/** @throws NotChecked when the registry does not give an answer that can be read. */
export async function readPublishedVersions(registry: string, name: string): Promise<PublishedVersions> {
  let body: { 'dist-tags'?: { latest?: unknown }; versions?: object };
  try {
    const response = await fetch(`${registry.replace(/\/+$/, '')}/${name.replace('/', '%2f')}`, {
      headers: { Accept: 'application/vnd.npm.install-v1+json' },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new NotChecked(`the registry answered ${response.status} about ${name}`);
    body = (await response.json()) as typeof body;
  } catch (error) {
    if (error instanceof NotChecked) throw error;
    throw new NotChecked(`the registry cannot be asked about ${name}`);
  }
  const latest = body['dist-tags']?.latest;
  if (typeof latest !== 'string' || valid(latest) === null || typeof body.versions !== 'object')
    throw new NotChecked(`the registry answered in an unknown form about ${name}`);
  return { latest, versions: Object.keys(body.versions) };
}
