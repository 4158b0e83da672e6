import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { OperatorError } from '../platform/errors/operator-error.js';
import { readLockedPackages, type LockedPackage } from './lockfile.js';

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
}

/** The parts of CycloneDX 1.5 that are looked at. */
interface Bom {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly 'bom-ref': string } };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

export interface SbomOptions {
  /** Also what is needed to build and test only. */
  readonly withDevelopment: boolean;
}

/**
 * Has npm write the software bill of materials (CycloneDX) of the lockfile, and compares it with the lockfile: every
 * package with its hash and address, and nothing else.
 * @returns how many packages it names.
 * @throws OperatorError when npm cannot write it, or it is not whole.
 */
export function writeSbom(root: string, file: string, { withDevelopment }: SbomOptions): number {
  const { status, stdout, stderr } = spawnSync(
    'npm',
    ['sbom', '--sbom-format=cyclonedx', '--package-lock-only', '--loglevel=error'],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, shell: process.platform === 'win32' },
  );
  if (status !== 0) throw new OperatorError(`npm could not write the SBOM: ${(stderr ?? '').trim()}`);
  const packages = readLockedPackages(root).filter(
    ({ lockfile, isRuntime }) => lockfile === 'package-lock.json' && (withDevelopment || isRuntime),
  );
  const whole = JSON.parse(stdout) as Bom;
  const locked = new Set(packages.flatMap(keysOf));
  const bom = withDevelopment ? whole : only(whole, (component) => locked.has(keyOf(component)));
  const faults = compare(bom, packages);
  if (faults.length > 0)
    throw new OperatorError(`The SBOM is not that of the lockfile:\n  ${faults.slice(0, 20).join('\n  ')}`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(bom, null, 2)}\n`);
  return bom.components.length;
}

const keyOf = ({ name, version }: Component): string => `${name}@${version}`;

/** npm calls an alias by its own name or by that of the package, as it happens. */
const keysOf = ({ name, installedAs, version }: LockedPackage): string[] => [
  `${installedAs}@${version}`,
  `${name}@${version}`,
];

/** npm's own `--omit` also leaves out what runs and is some other package's peer. */
function only(bom: Bom, isKept: (component: Component) => boolean): Bom {
  const components = bom.components.filter(isKept);
  const refs = new Set([...components, bom.metadata.component].map((component) => component['bom-ref']));
  const dependencies = bom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map((entry) => ({ ...entry, dependsOn: entry.dependsOn.filter((ref) => refs.has(ref)) }));
  return { ...bom, components, dependencies };
}

function compare(bom: Bom, packages: readonly LockedPackage[]): string[] {
  if (bom.bomFormat !== 'CycloneDX') return ['it is no CycloneDX'];
  const named = new Map(bom.components.map((component) => [keyOf(component), component]));
  const locked = new Map(
    packages.flatMap((each) => keysOf(each).map((key) => [key, each.integrity] as const)),
  );
  return [
    ...packages
      .filter((each) => keysOf(each).every((key) => !named.has(key)))
      .map(({ name, version }) => `it lacks ${name}@${version}`),
    ...[...named.keys()]
      .filter((key) => !locked.has(key))
      .map((key) => `it names ${key}, which is not locked`),
    ...[...named].flatMap(([key, { purl, hashes = [] }]) => {
      const sha512 = hashes.find(({ alg }) => alg === 'SHA-512')?.content ?? '';
      const integrity = `sha512-${Buffer.from(sha512, 'hex').toString('base64')}`;
      return [
        ...(purl?.startsWith('pkg:npm/') ? [] : [`${key} has no address`]),
        ...(sha512.length === 128 && locked.get(key) === integrity
          ? []
          : [`${key} lacks the SHA-512 of the lockfile`]),
      ];
    }),
  ];
}
