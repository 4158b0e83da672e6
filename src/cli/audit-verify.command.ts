import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { AuditVerification, type ChainFault, type ChainHead } from '../audit/audit-verification.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { isUuid } from '../platform/validation/uuid.js';
import { withApplication } from './application-context.js';
import { parseId, parsePath } from './option-values.js';
import { printResult } from './output.js';
import { Progress } from './progress.js';

interface Options {
  organization?: string;
  against?: string;
  json?: boolean;
}

export const auditVerifyCommand = new Command('audit:verify')
  .description(
    'Recomputes the chains of security events; exit code 1 and the first broken row when one does not fit.',
  )
  .option('--organization <id>', 'only this chain', parseId)
  .option(
    '--against <file>',
    'what --json printed earlier: every head in it must still be part of its chain',
    parsePath,
  )
  .option('--json', 'print JSON: keep it outside this machine')
  .action(async ({ organization, against, json }: Options) => {
    const known = against === undefined ? [] : readHeads(against);
    const { heads, faults } = await withApplication(async (app) => {
      const verification = app.get(AuditVerification);
      const chains = await verification.listChains();
      const gone = known.filter((head) =>
        chains.every((chain) => chain.organizationId !== head.organizationId),
      );
      const all = [...chains, ...gone.map(({ organizationId }) => ({ organizationId, rows: 0 }))];
      if (organization === undefined) return verifyAll(verification, all, known);
      const chosen = all.find(({ organizationId }) => organizationId === organization);
      return verifyAll(verification, [chosen ?? { organizationId: organization, rows: 0 }], known);
    });
    const lines = [
      ...heads.map((head) => `${head.organizationId}  ${head.sequence} rows  ${head.hash}`),
      ...faults.map(describe),
      faults.length === 0
        ? `${heads.length} ${heads.length === 1 ? 'chain is' : 'chains are'} whole.`
        : `${faults.length} of ${heads.length + faults.length} chains are broken.`,
    ];
    printResult(json, { verifiedAt: new Date().toISOString(), heads, faults }, lines);
    if (faults.length > 0) process.exitCode = 1;
  });

async function verifyAll(
  verification: AuditVerification,
  chains: { organizationId: string; rows: number }[],
  known: ChainHead[],
): Promise<{ heads: ChainHead[]; faults: ChainFault[] }> {
  const progress = new Progress(
    'Verifying',
    chains.reduce((sum, { rows }) => sum + rows, 0),
  );
  const heads: ChainHead[] = [];
  const faults: ChainFault[] = [];
  try {
    for (const { organizationId } of chains) {
      const head = known.find((each) => each.organizationId === organizationId);
      const verdict = await verification.verify(organizationId, head, (count) => progress.add(count));
      if (verdict.fault === null) heads.push(verdict.head);
      else faults.push(verdict.fault);
    }
  } finally {
    progress.stop();
  }
  return { heads, faults };
}

function describe({ organizationId, sequence, eventId, fault }: ChainFault): string {
  return `${organizationId}  BROKEN at row ${sequence}${eventId === null ? '' : ` (event ${eventId})`}: ${fault}`;
}

/** @throws OperatorError when the file is not what `--json` printed. */
function readHeads(file: string): ChainHead[] {
  let heads: unknown;
  try {
    ({ heads } = JSON.parse(readFileSync(file, 'utf8')) as { heads?: unknown });
  } catch (error) {
    throw new OperatorError(`${file} cannot be read as JSON: ${(error as Error).message}`);
  }
  if (!Array.isArray(heads) || !heads.every(isHead)) {
    throw new OperatorError(`${file} is not what "audit:verify --json" prints.`);
  }
  return heads;
}

function isHead(value: unknown): value is ChainHead {
  const { organizationId, sequence, hash } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof organizationId === 'string' &&
    isUuid(organizationId) &&
    Number.isSafeInteger(sequence) &&
    typeof hash === 'string'
  );
}
