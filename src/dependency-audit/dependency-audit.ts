import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gt, valid } from 'semver';
import {
  findAdvisories,
  NotChecked,
  type Advisory,
  SEVERITIES,
  type AdvisorySeverity,
} from './advisories.js';
import { readExceptions, type AuditException } from './exceptions.js';
import { isAcceptedLicence } from './licences.js';
import { readLockedPackages, type LockedPackage } from './lockfile.js';
import { readPublishedVersions } from './registry.js';

export const CHECKS = ['vulnerabilities', 'outdated', 'unused', 'licences', 'lockfile'] as const;
export type CheckName = (typeof CHECKS)[number];

/** Something that was found. */
export interface Finding extends Omit<Advisory, 'url' | 'range'> {
  readonly url?: string;
  /** Why it does not count, for now. */
  readonly exception?: AuditException;
}

/** What one check found; without `findings` it says why it was not made. */
export type CheckResult =
  | { readonly check: CheckName; readonly state: 'checked'; readonly findings: Finding[] }
  | { readonly check: CheckName; readonly state: 'not checked'; readonly reason: string };

export interface AuditReport {
  readonly at: string;
  readonly packages: number;
  readonly threshold: AdvisorySeverity;
  readonly checks: CheckResult[];
  /** Findings at or above the threshold that no exception covers. */
  readonly failing: number;
  readonly isComplete: boolean;
}

export interface AuditOptions {
  readonly root: string;
  /** Address of the registry whose advisory service is asked. */
  readonly registry: string;
  readonly threshold: AdvisorySeverity;
  readonly now: Date;
}

const OUTDATED_AT_ONCE = 8;

/** Looks at every package of the repository (A-1, O-11, L-S5). What cannot be looked at is said, never counted as fine. */
export async function auditDependencies({
  root,
  registry,
  threshold,
  now,
}: AuditOptions): Promise<AuditReport> {
  const packages = readLockedPackages(root);
  const exceptions = readExceptions(root);
  const today = now.toISOString().slice(0, 10);
  const results = await Promise.all([
    run('vulnerabilities', () => findVulnerabilities(registry, packages)),
    run('outdated', () => findOutdated(registry, packages)),
    run('unused', () => findUnused(root)),
    run('licences', async () => findLicences(packages)),
    run('lockfile', async () => findLockfileFaults(packages, registry)),
  ]);
  const checks = results.map((result) =>
    result.state === 'not checked'
      ? result
      : { ...result, findings: result.findings.map((finding) => withException(finding, exceptions, today)) },
  );
  const atLeast = SEVERITIES.indexOf(threshold);
  const failing = checks
    .flatMap((result) => (result.state === 'checked' ? result.findings : []))
    .filter(
      ({ severity, exception }) => exception === undefined && SEVERITIES.indexOf(severity) >= atLeast,
    ).length;
  return {
    at: now.toISOString(),
    packages: packages.length,
    threshold,
    checks,
    failing,
    isComplete: checks.every(({ state }) => state === 'checked'),
  };
}

async function run(check: CheckName, work: () => Promise<Finding[]>): Promise<CheckResult> {
  try {
    return { check, state: 'checked', findings: await work() };
  } catch (error) {
    if (error instanceof NotChecked) return { check, state: 'not checked', reason: error.message };
    throw error;
  }
}

function withException(finding: Finding, exceptions: readonly AuditException[], today: string): Finding {
  const exception = exceptions.find(
    ({ id, package: name, expires }) => id === finding.id && name === finding.package && expires >= today,
  );
  return exception === undefined ? finding : { ...finding, exception };
}

export async function findVulnerabilities(
  registry: string,
  packages: readonly LockedPackage[],
): Promise<(Finding & Advisory)[]> {
  const versions = new Map<string, Set<string>>();
  for (const { name, version } of packages)
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  return findAdvisories(registry, versions);
}

/** Newer versions of what we name ourselves; information, not a fault. */
async function findOutdated(registry: string, packages: readonly LockedPackage[]): Promise<Finding[]> {
  const direct = packages.filter(({ isDirect }) => isDirect);
  const findings: Finding[] = [];
  const queue = [...direct];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { latest } = await readPublishedVersions(registry, next.name);
      if (valid(next.version) !== null && gt(latest, next.version))
        findings.push({
          id: 'outdated',
          package: next.name,
          versions: [next.version],
          severity: 'info',
          title: `${latest} is out`,
        });
    }
  };
  await Promise.all(Array.from({ length: OUTDATED_AT_ONCE }, work));
  return findings.toSorted((a, b) => a.package.localeCompare(b.package));
}

/** What package.json names and no file uses, as knip sees it. */
async function findUnused(root: string): Promise<Finding[]> {
  const knip = join(root, 'node_modules/knip/bin/knip.js');
  if (!existsSync(knip)) throw new NotChecked('knip is not installed here (npm ci)');
  const output = await new Promise<string>((resolve, reject) => {
    const child = spawn(process.execPath, [knip, '--dependencies', '--reporter=json', '--no-exit-code'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.on('error', reject);
    child.on('close', () => resolve(text));
  });
  let issues: { file: string; dependencies?: { name: string }[]; devDependencies?: { name: string }[] }[];
  try {
    ({ issues } = JSON.parse(output) as { issues: typeof issues });
  } catch {
    throw new NotChecked('knip gave no answer');
  }
  return issues.flatMap(({ dependencies = [], devDependencies = [] }) =>
    [...dependencies, ...devDependencies].map(({ name }) => ({
      id: 'unused',
      package: name,
      versions: [],
      severity: 'low' as const,
      title: 'no file uses it',
    })),
  );
}

function findLicences(packages: readonly LockedPackage[]): Finding[] {
  return packages
    .filter(({ license }) => license === null || !isAcceptedLicence(license))
    .map(({ name, version, license, isDevelopment }) => ({
      id: 'licence',
      package: name,
      versions: [version],
      severity: isDevelopment ? ('moderate' as const) : ('high' as const),
      title: license === null ? 'it names no licence' : `licence ${license}`,
    }));
}

/** Packages must come from the registry that is configured, with the hash that was seen when they were chosen. */
function findLockfileFaults(packages: readonly LockedPackage[], registry: string): Finding[] {
  const base = `${registry.replace(/\/+$/, '')}/`;
  return packages.flatMap(({ name, version, integrity, resolved, lockfile }) => {
    const faults: string[] = [];
    if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '')) faults.push('no SHA-512 of it');
    if (resolved !== null && !isBelow(base, resolved)) faults.push(`it does not come from ${base}`);
    return faults.map((title) => ({
      id: 'lockfile',
      package: name,
      versions: [version],
      severity: 'high' as const,
      title: `${title} (${lockfile})`,
    }));
  });
}

/** Whether an address is that of an archive below another; compared as parsed, so that `..` and user names do not count. */
function isBelow(base: string, address: string): boolean {
  return (
    URL.canParse(address) && new URL(address).href.startsWith(new URL(base).href) && address.endsWith('.tgz')
  );
}
