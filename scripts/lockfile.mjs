// Judges package-lock.json, without the network: every package that some platform needs has its entry, every entry its
// hash, and none the address of a registry. npm leaves out what a registry lacked when the lockfile was written; then
// `npm ci` refuses it, or a machine of another kind installs a tool without its binary.
//
//   node scripts/lockfile.mjs [folder]          exit 1 with one line for each fault
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import './require-node.cjs';

const folder = process.argv[2] ?? join(import.meta.dirname, '..');
const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));

/** The entry that `name` leads to from a package, by Node's rule: its own node_modules, then each one above. */
function resolveFrom(path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const candidate = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (packages[candidate] !== undefined) return candidate;
    if (at === '') return null;
  }
}

function faultsOf([path, entry]) {
  const faults = Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
    .filter((name) => resolveFrom(path, name) === null)
    .map((name) => `${path}@${entry.version}: no entry for ${name}`);
  const isFromRegistry = path.includes('node_modules/') && entry.link !== true;
  // Bundled packages come inside the archive, and under the hash, of the one that bundles them.
  if (isFromRegistry && entry.inBundle !== true && !entry.integrity?.startsWith('sha512-'))
    faults.push(`${path}: no SHA-512`);
  if (isFromRegistry && entry.resolved !== undefined) faults.push(`${path}: names where it came from`);
  return faults;
}

const faults = Object.entries(packages).flatMap(faultsOf);
if (faults.length === 0) {
  console.log(`Every platform can install: ${Object.keys(packages).length - 1} packages.`);
} else {
  console.error(faults.join('\n'));
  console.error(
    `${faults.length} faults. Name a version whose packages the registry has for every platform.`,
  );
  process.exit(1);
}
