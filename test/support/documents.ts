import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files below a folder whose names end so, as paths from here; generated code is left out. */
export function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return ['generated', 'node_modules', '.git'].includes(entry.name) ? [] : filesBelow(path, ending);
    return entry.name.endsWith(ending) ? [path] : [];
  });
}

/** Every page for people: the README and what stands in docs/. */
export const pages = ['README.md', 'SECURITY.md', ...filesBelow('docs', '.md')];

/** The cells of every row of a page's tables, without the headings. */
export function tableRows(page: string): string[][] {
  return readFileSync(page, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s|:-]+\|$/.test(line))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** The part of a page below a heading, to the next of the same depth. */
export function section(page: string, heading: string): string {
  const text = readFileSync(page, 'utf8');
  const start = text.indexOf(`\n## ${heading}\n`);
  if (start < 0) throw new Error(`${page} has no section "${heading}"`);
  const end = text.indexOf('\n## ', start + 1);
  return text.slice(start, end < 0 ? undefined : end);
}

/** The first argument of it, test, describe and of what `.each(…)` returns; a skipped or planned test proves nothing. */
export function titlesOf(file: string): string[] {
  const call = /(?:\b(?:it|test|describe)(?:\.only)?|\))\s*\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;
  const text = readFileSync(file, 'utf8').replaceAll(/\b(?:it|test|describe)\.(?:skip|todo)\b/g, 'never');
  return [...text.matchAll(call)].map(([, , title]) => title!);
}

/** Every spec file of the suite. */
export const specs = [...filesBelow('test', '.spec.ts'), ...filesBelow('src', '.spec.ts')];

/** A title without the ids in brackets: `[V1.2.9]`, `[F-60] [L-S4]`. */
export function withoutIds(title: string): string {
  return title
    .replaceAll(/\[(?:[OALTDFV]-?[\w.]+[,\s]*)+\]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
