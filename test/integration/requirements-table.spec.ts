import { existsSync, readFileSync } from 'node:fs';

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

/** The first argument of it, test, describe and of what `.each(…)` returns; a skipped or planned test proves nothing. */
function titlesOf(file: string): string[] {
  const call = /(?:\b(?:it|test|describe)(?:\.only)?|\))\s*\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;
  const text = readFileSync(file, 'utf8').replaceAll(/\b(?:it|test|describe)\.(?:skip|todo)\b/g, 'never');
  return [...text.matchAll(call)].map(([, , title]) => title!);
}

/** Ids in brackets: `[L-S8.2]`, `[T-5.3, O-5]`. */
function idsIn(title: string): string[] {
  return [...title.matchAll(/\[([^\]]+)\]/g)].flatMap(([, inner]) => inner!.split(/[,\s]+/));
}

/** `V3.4.1 to V3.4.6, V9.1.1` as single ids. */
function asvsIdsIn(cell: string): string[] {
  return cell.split(',').flatMap((part) => {
    const [first, last] = [...part.matchAll(/V(\d+\.\d+)\.(\d+)/g)];
    if (first === undefined) return [];
    const [, section, from] = first;
    const count = Number(last?.[2] ?? from) - Number(from) + 1;
    return Array.from({ length: count }, (_, index) => `V${section}.${Number(from) + index}`);
  });
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

describe('docs/security.md', () => {
  it('names only test files that name an ASVS row of their line in a title', () => {
    const claims = readFileSync('docs/security.md', 'utf8')
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .filter(([, ids]) => /^V\d/.test(ids ?? ''))
      .flatMap(([, ids, , proof]) =>
        [...(proof ?? '').matchAll(/`([^`]+\.spec\.ts)`/g)].map(([, file]) => ({
          ids: asvsIdsIn(ids!),
          file: file!,
        })),
      );
    expect(claims.length).toBeGreaterThan(10);
    const unproved = claims.filter(
      ({ ids, file }) =>
        !existsSync(file) ||
        !titlesOf(file).some((title) =>
          [...title.matchAll(/V\d+\.\d+\.\d+/g)].some(([id]) => ids.includes(id)),
        ),
    );
    expect(unproved).toEqual([]);
  });
});
