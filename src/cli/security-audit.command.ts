import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { SEVERITIES, type AdvisorySeverity } from '../dependency-audit/advisories.js';
import {
  auditDependencies,
  type AuditReport,
  type CheckResult,
} from '../dependency-audit/dependency-audit.js';
import { EXCEPTIONS_FILE } from '../dependency-audit/exceptions.js';
import { writeSbom } from '../dependency-audit/sbom.js';
import { SystemClock } from '../platform/clock/clock.js';
import { readEnvironment } from '../platform/config/load-config.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { parsePath, parseWebAddress } from './option-values.js';
import { printResult } from './output.js';

interface Options {
  root: string;
  registry?: string;
  severity: AdvisorySeverity;
  report?: string;
  json?: boolean;
}

/** Something was found. */
const FOUND = 1;
/** Something could not be looked at. */
const NOT_CHECKED = 2;

export const securityAuditCommand = new Command('security:audit')
  .description(
    'Looks at every package of the repository: vulnerabilities, newer versions, unused ones, licences, and where the lockfile takes them from.',
  )
  .option('--root <folder>', 'the repository', parsePath, '.')
  .option('--registry <address>', 'whose advisory service is asked; default: that of npm', parseWebAddress)
  .addOption(
    new Option('--severity <level>', 'the lowest severity that counts').choices(SEVERITIES).default('low'),
  )
  .option('--report <folder>', 'write audit.json and sbom.cdx.json (CycloneDX) there', parsePath)
  .option('--json', 'print JSON')
  .addHelpText(
    'after',
    `
Exit code: 0 nothing at or above --severity; 1 something was found; 2 something could not be checked, for example because
the advisory service does not answer or does not report a package that is known to be vulnerable. Silence never counts
as safety. What is let stand is in ${EXCEPTIONS_FILE}, with a reason and a day on which it counts again.`,
  )
  .action(async ({ root, registry, severity, report: folder, json }: Options) => {
    const report = await auditDependencies({
      root: resolve(root),
      registry: registry ?? defaultRegistry(),
      threshold: severity,
      now: new SystemClock().now(),
    });
    if (folder !== undefined) writeReports(resolve(root), resolve(folder), report);
    printResult(json, report, describe(report));
    process.exitCode = report.failing > 0 ? FOUND : report.isComplete ? 0 : NOT_CHECKED;
  });

/** The registry that npm uses. */
export function defaultRegistry(): string {
  const given = readEnvironment()['npm_config_registry'];
  if (given !== undefined && given !== '') return given;
  const { stdout } = spawnSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' });
  const registry = (stdout ?? '').trim();
  if (!URL.canParse(registry))
    throw new OperatorError('npm does not say which registry it uses: name one with --registry.');
  return registry;
}

function describe({ packages, checks, failing, threshold, isComplete }: AuditReport): string[] {
  const lines = [`${packages} packages.`];
  for (const result of checks) lines.push('', ...describeCheck(result));
  lines.push(
    '',
    failing > 0
      ? `${failing} findings of severity ${threshold} or above.`
      : `No finding of severity ${threshold} or above in what was checked.`,
  );
  if (!isComplete) lines.push('Not everything was checked: this is no clean result.');
  return lines;
}

function describeCheck(result: CheckResult): string[] {
  if (result.state === 'not checked') return [`${result.check}: NOT CHECKED, ${result.reason}`];
  const { findings } = result;
  if (findings.length === 0) return [`${result.check}: nothing found`];
  const rows = findings.map(({ severity, package: name, versions, id, title, exception }) => [
    severity,
    `${name}${versions.length > 0 ? `@${versions.join(', ')}` : ''}`,
    id,
    exception === undefined ? title : `${title} (let stand until ${exception.expires}: ${exception.reason})`,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return [
    `${result.check}: ${findings.length}`,
    ...rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`),
  ];
}

function writeReports(root: string, folder: string, report: AuditReport): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'audit.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeSbom(root, join(folder, 'sbom.cdx.json'), { withDevelopment: true });
}
