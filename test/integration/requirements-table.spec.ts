import { existsSync, readFileSync } from 'node:fs';
import { tableRows, titlesOf } from '../support/documents.js';

/** One row of docs/requirements.md: `| O-1 | … | done | \`test/e2e/users.spec.ts\` |`. */
interface Row {
  readonly id: string;
  readonly state: string;
  readonly files: string[];
}

const rows = readFileSync('docs/requirements.md', 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, id]) => /^[OALTDW]-[\w.]+$/.test(id ?? ''))
  .map(([, id, , state, proof]): Row => {
    const files = [...(proof ?? '').matchAll(/`([^`]+\.spec\.ts)`/g)].map(([, file]) => file!);
    return { id: id!, state: state!, files };
  });

/** Ids in brackets: `[L-S8.2]`, `[T-5.3, O-5]`. */
function idsIn(title: string): string[] {
  return [...title.matchAll(/\[([^\]]+)\]/g)].flatMap(([, inner]) => inner!.split(/[,\s]+/));
}

describe('docs/requirements.md', () => {
  it('lists each row of the source systems once', () => {
    const ids = rows.map(({ id }) => id);
    expect(ids).toHaveLength(60);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('gives each row a known state, and no test to a row that is not there yet', () => {
    for (const { id, state, files } of rows) {
      expect([id, state]).toEqual([id, expect.stringMatching(/^(done|in part|not yet)$/)]);
      if (state === 'not yet') expect([id, files]).toEqual([id, []]);
      if (state === 'done') expect([id, files.length]).not.toEqual([id, 0]);
    }
  });

  it('names only test files that prove the row in a title', () => {
    const claims = rows.flatMap(({ id, files }) => files.map((file) => ({ id, file })));
    expect(claims.length).toBeGreaterThan(10);
    const unproved = claims.filter(
      ({ id, file }) => !existsSync(file) || !titlesOf(file).some((title) => idsIn(title).includes(id)),
    );
    expect(unproved).toEqual([]);
  });
});

/** The rows that testing from outside gave; they are never renumbered. */
const FINDINGS = [...range(1, 16), ...range(20, 49), ...range(60, 67)].map((number) => `F-${number}`);

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

describe('what testing from outside found', () => {
  const found = tableRows('docs/requirements.md')
    .filter(([id]) => /^F-\d+$/.test(id ?? ''))
    .map(([id, what, proof]) => ({
      id: id!,
      what: what!,
      isOpen: proof === 'open',
      files: [...proof!.matchAll(/`([^`]+\.spec\.ts)`/g)].map(([, file]) => file!),
    }));
  // A title, or one of a table of titles.
  const proves = (file: string, id: string) =>
    new RegExp(String.raw`(['"\`])[^'"\`\n]*\[[^\]\n]*\b${id}\b[^\]\n]*\][^\n]*\1`).test(
      readFileSync(file, 'utf8'),
    );

  it('has a row for each, once, shown by a test or open, and W-8 is not done while one is open [W-8]', () => {
    expect(found.map(({ id }) => id)).toEqual(FINDINGS);
    expect(found.filter(({ what, files, isOpen }) => what === '' || (files.length === 0) !== isOpen)).toEqual(
      [],
    );
    const { state } = rows.find(({ id }) => id === 'W-8')!;
    // A test for each does not make it done: what was to be measured may be missing still.
    if (found.some(({ isOpen }) => isOpen)) expect(state).toBe('in part');
    else expect(['in part', 'done']).toContain(state);
  });

  it('names only test files that prove the row in a title', () => {
    const claims = found.flatMap(({ id, files }) => files.map((file) => ({ id, file })));
    expect(claims.filter(({ id, file }) => !existsSync(file) || !proves(file, id))).toEqual([]);
  });
});
