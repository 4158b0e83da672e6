import { spawnSync } from 'node:child_process';
import { gt, major, minSatisfying, satisfies } from 'semver';
import { OperatorError } from '../platform/errors/operator-error.js';
import type { Advisory } from './advisories.js';
import { findVulnerabilities } from './dependency-audit.js';
import { readLockedPackages } from './lockfile.js';
import { readPublishedVersions } from './registry.js';

/** One package that would be replaced. */
export interface PlannedFix {
  readonly package: string;
  readonly from: string;
  /** Null: no fixed version of the same major version is known; a person decides. */
  readonly to: string | null;
  readonly advisories: readonly string[];
}

/**
 * Plans a fixed version for every vulnerable package, of the same major version: what we name ourselves is pinned anew,
 * what others bring along is updated as far as they allow.
 * @throws NotChecked when the service cannot be believed.
 */
export async function planFixes(root: string, registry: string): Promise<PlannedFix[]> {
  const packages = readLockedPackages(root);
  const byVersion = new Map<string, Advisory[]>();
  for (const advisory of await findVulnerabilities(registry, packages))
    for (const version of advisory.versions) {
      const key = `${advisory.package}@${version}`;
      byVersion.set(key, [...(byVersion.get(key) ?? []), advisory]);
    }
  const fixes: PlannedFix[] = [];
  for (const [key, advisories] of byVersion) {
    const at = key.lastIndexOf('@');
    const [name, from] = [key.slice(0, at), key.slice(at + 1)];
    const ranges = advisories.map(({ range }) => range);
    fixes.push({
      package: name,
      from,
      to: await firstFixed(registry, name, from, ranges),
      advisories: advisories.map(({ id }) => id),
    });
  }
  return fixes;
}

/** Runs npm for what was planned. @throws OperatorError with npm's words. */
export function applyFixes(root: string, registry: string, fixes: readonly PlannedFix[]): void {
  const direct = new Set(
    readLockedPackages(root)
      .filter(({ isDirect }) => isDirect)
      .map(({ name }) => name),
  );
  const possible = fixes.filter(({ to }) => to !== null);
  const pinned = possible.filter(({ package: name }) => direct.has(name));
  const others = possible.filter(({ package: name }) => !direct.has(name));
  const common = [
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    `--registry=${registry}`,
  ];
  if (pinned.length > 0)
    npm(root, ['install', '--save-exact', ...common, ...pinned.map((fix) => `${fix.package}@${fix.to}`)]);
  if (others.length > 0) npm(root, ['update', ...common, ...others.map((fix) => fix.package)]);
}

function npm(root: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('npm', [...args], { cwd: root, encoding: 'utf8' });
  if (status === 0) return;
  throw new OperatorError(`npm failed: ${(stderr || error?.message) ?? 'no reason given'}`.trim());
}

async function firstFixed(
  registry: string,
  name: string,
  from: string,
  ranges: readonly string[],
): Promise<string | null> {
  const { versions } = await readPublishedVersions(registry, name);
  const fixed = versions.filter(
    (version) =>
      gt(version, from) &&
      major(version) === major(from) &&
      !version.includes('-') &&
      !ranges.some((range) => satisfies(version, range, { includePrerelease: true })),
  );
  return minSatisfying(fixed, '*');
}
