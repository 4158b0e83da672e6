import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { OperatorError } from '../platform/errors/operator-error.js';

/** A package that is installed, as the lockfile names it. */
export interface LockedPackage {
  /** Which lockfile, relative to the repository. */
  readonly lockfile: string;
  readonly name: string;
  /** Another name where it is installed under one (`npm:` aliases). */
  readonly installedAs: string;
  readonly version: string;
  readonly license: string | null;
  readonly integrity: string | null;
  readonly resolved: string | null;
  /** Needed to build and test only. */
  readonly isDevelopment: boolean;
  /** Part of what runs: neither for development nor optional. */
  readonly isRuntime: boolean;
  /** Named in package.json, not only by another package. */
  readonly isDirect: boolean;
}

interface LockEntry {
  name?: string;
  version?: string;
  license?: unknown;
  integrity?: string;
  resolved?: string;
  dev?: boolean;
  optional?: boolean;
  devOptional?: boolean;
  peer?: boolean;
  link?: boolean;
}

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/** Folders that hold no packages of ours. */
const PASSED_OVER = new Set(['node_modules', 'dist', '.git', '.data']);

/** Every package of every lockfile in the repository. @throws OperatorError when a manifest has dependencies and no lockfile. */
export function readLockedPackages(root: string): LockedPackage[] {
  const manifests = findManifests(root);
  if (manifests.length === 0) throw new OperatorError(`There is no package.json in ${root}.`);
  return manifests.flatMap((manifest) => readLockfile(root, manifest));
}

function readLockfile(root: string, manifestFile: string): LockedPackage[] {
  const { dependencies = {}, devDependencies = {} } = readJson(manifestFile) as Manifest;
  const direct = new Set([...Object.keys(dependencies), ...Object.keys(devDependencies)]);
  const file = join(dirname(manifestFile), 'package-lock.json');
  const lockfile = relative(root, file);
  if (!existsSync(file)) {
    if (direct.size === 0) return [];
    throw new OperatorError(`${lockfile} is missing: without it nobody knows what is installed.`);
  }
  const { packages } = readJson(file) as { packages?: Record<string, LockEntry> };
  if (typeof packages !== 'object')
    throw new OperatorError(`${lockfile} has no list of packages: npm 7 or later writes one.`);
  return Object.entries(packages)
    .filter(([path, entry]) => path !== '' && entry.link !== true)
    .map(([path, entry]) => {
      const installedAs = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
      const name = entry.name ?? installedAs;
      return {
        lockfile,
        name,
        installedAs,
        version: entry.version ?? '',
        license: typeof entry.license === 'string' ? entry.license : null,
        integrity: entry.integrity ?? null,
        resolved: entry.resolved ?? null,
        isDevelopment: entry.dev === true,
        isRuntime: !entry.dev && !entry.optional && !entry.devOptional && !entry.peer,
        isDirect: direct.has(name) && path === `node_modules/${name}`,
      };
    });
}

function findManifests(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory())
      return PASSED_OVER.has(entry.name) ? [] : findManifests(join(folder, entry.name));
    return entry.name === 'package.json' ? [join(folder, entry.name)] : [];
  });
}

export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (error) {
    throw new OperatorError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
