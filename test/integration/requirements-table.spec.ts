import { existsSync, readFileSync } from 'node:fs';
import { titlesOf } from '../support/documents.js';

/** One row of docs/requirements.md: `| O-1 | … | done | \`test/e2e/users.spec.ts\` |`. */
interface Row {
  readonly id: string;
  readonly state: string;
  readonly files: string[];
}

const rows = readFileSync('docs/requirements.md', 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, id]) => /^[OALTD]-[\w.]+$/.test(id ?? ''))
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
    expect(ids).toHaveLength(59);
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
