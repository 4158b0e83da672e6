import { satisfies, validRange } from 'semver';
import { OperatorError } from '../platform/errors/operator-error.js';

export const SEVERITIES = ['info', 'low', 'moderate', 'high', 'critical'] as const;
export type AdvisorySeverity = (typeof SEVERITIES)[number];

/** A known weakness of a package. */
export interface Advisory {
  readonly id: string;
  readonly package: string;
  readonly versions: readonly string[];
  readonly severity: AdvisorySeverity;
  readonly title: string;
  readonly url: string;
  /** Versions that have it, as a range of semver. */
  readonly range: string;
}

/** The service did not give an answer that can be believed; the message says why. */
export class NotChecked extends OperatorError {
  constructor(reason: string) {
    super(reason);
    this.name = 'NotChecked';
  }
}

/** A version that is known to be vulnerable: a service that does not report it does not look at all. */
const CANARY = { name: 'minimist', version: '0.0.8' };
const PATH = '/-/npm/v1/security/advisories/bulk';
const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/**
 * Asks the advisory service of a registry about every version (the bulk endpoint that `npm audit` uses).
 * @param packages versions by name.
 * @throws NotChecked when it cannot be reached, refuses, or answers what cannot be believed: silence is not safety.
 */
export async function findAdvisories(
  registry: string,
  packages: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<Advisory[]> {
  const asked: Record<string, string[]> = Object.fromEntries(
    [...packages].map(([name, versions]) => [name, [...versions]]),
  );
  asked[CANARY.name] = [...new Set([...(asked[CANARY.name] ?? []), CANARY.version])];
  const answer = await ask(registry, asked);
  const advisories = Object.entries(answer).flatMap(([name, entries]) => {
    if (!Object.hasOwn(asked, name))
      throw new NotChecked(`the service talks of ${name}, which nobody asked about`);
    if (!Array.isArray(entries)) throw new NotChecked('the service answered in an unknown form');
    return entries.map((entry: unknown) => readAdvisory(name, entry, asked[name]!));
  });
  const reported = advisories.some(
    (advisory) => advisory.package === CANARY.name && advisory.versions.includes(CANARY.version),
  );
  if (!reported)
    throw new NotChecked(
      `the service does not report ${CANARY.name}@${CANARY.version}, which is known to be vulnerable`,
    );
  return advisories
    .map((advisory) => ({
      ...advisory,
      versions: advisory.versions.filter((version) => packages.get(advisory.package)?.has(version) ?? false),
    }))
    .filter(({ versions }) => versions.length > 0);
}

async function ask(registry: string, body: object): Promise<Record<string, unknown>> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${registry.replace(/\/+$/, '')}${PATH}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await response.text();
  } catch (error) {
    const { cause, message } = error as Error;
    throw new NotChecked(
      `the service cannot be reached: ${cause instanceof Error ? cause.message : message}`,
    );
  }
  if (!response.ok) throw new NotChecked(`the service answered ${response.status}`);
  if (text.length > MAX_ANSWER_BYTES) throw new NotChecked('the service answered far too much');
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new NotChecked('the service did not answer in JSON');
}

function readAdvisory(name: string, entry: unknown, versions: readonly string[]): Advisory {
  const { id, severity, title, url, vulnerable_versions: range } = (entry ?? {}) as Record<string, unknown>;
  const isKnown = SEVERITIES.includes(severity as AdvisorySeverity);
  if (typeof title !== 'string' || typeof range !== 'string' || validRange(range) === null || !isKnown)
    throw new NotChecked(`the service answered in an unknown form about ${name}`);
  return {
    id: typeof url === 'string' ? (/GHSA-[\w-]+/.exec(url)?.[0] ?? String(id)) : String(id),
    package: name,
    versions: versions.filter((version) => satisfies(version, range, { includePrerelease: true })),
    severity: severity as AdvisorySeverity,
    title,
    url: typeof url === 'string' ? url : '',
    range,
  };
}
