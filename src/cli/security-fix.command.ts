import { resolve } from 'node:path';
import { Command } from 'commander';
import { NotChecked } from '../dependency-audit/advisories.js';
import { applyFixes, planFixes, type PlannedFix } from '../dependency-audit/dependency-fix.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { parsePath, parseWebAddress } from './option-values.js';
import { printResult } from './output.js';
import { defaultRegistry } from './security-audit.command.js';

interface Options {
  root: string;
  registry?: string;
  dryRun?: boolean;
  json?: boolean;
}

export const securityFixCommand = new Command('security:fix')
  .description(
    'Replaces vulnerable packages by fixed ones of the same major version, in package.json and lockfile; run the tests afterwards.',
  )
  .option('--root <folder>', 'the repository', parsePath, '.')
  .option('--registry <address>', 'whose advisory service is asked; default: that of npm', parseWebAddress)
  .option('--dry-run', 'say what would be done')
  .option('--json', 'print JSON')
  .action(async ({ root, registry = defaultRegistry(), dryRun = false, json }: Options) => {
    const folder = resolve(root);
    const fixes = await plan(folder, registry);
    if (!dryRun) applyFixes(folder, registry, fixes);
    const remaining = dryRun ? fixes : await plan(folder, registry);
    printResult(json, { dryRun, fixes, remaining }, [
      ...(fixes.length === 0 ? ['No package is vulnerable.'] : fixes.map(describeFix)),
      ...(dryRun || remaining.length === 0 ? [] : [`${remaining.length} are still vulnerable.`]),
    ]);
    if (!dryRun && remaining.length > 0)
      throw new OperatorError('Some need a person: a new major version, another package, or an exception.');
  });

async function plan(root: string, registry: string): Promise<PlannedFix[]> {
  try {
    return await planFixes(root, registry);
  } catch (error) {
    if (error instanceof NotChecked)
      throw new OperatorError(`Not checked, nothing was changed: ${error.message}.`, { cause: error });
    throw error;
  }
}

function describeFix({ package: name, from, to, advisories }: PlannedFix): string {
  const words = to === null ? 'no fixed version of this major version' : `→ ${to}`;
  return `${name}@${from} ${words} (${advisories.join(', ')})`;
}
