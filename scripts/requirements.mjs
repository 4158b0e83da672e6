// Fills the last column of "What testing from outside found" in docs/requirements.md: the test files whose titles name the
// row. A row that no title names reads "open". test/integration/requirements-table.spec.ts holds the table to it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

const root = join(import.meta.dirname, '..');
const page = join(root, 'docs/requirements.md');
const specs = ['src', 'test']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((path) => `${folder}/${path}`),
  )
  .filter((path) => path.endsWith('.spec.ts'))
  .toSorted();
const texts = new Map(specs.map((path) => [path, readFileSync(join(root, path), 'utf8')]));

/** A title, or a row of titles: text between quotes with `[F-12]`, `[F-20] [F-35]` or `[F-47, F-48]` in it. */
const filesOf = (id) => {
  const title = new RegExp(String.raw`(['"\`])[^'"\`\n]*\[[^\]\n]*\b${id}\b[^\]\n]*\][^\n]*\1`);
  return specs.filter((path) => title.test(texts.get(path)));
};

const filled = readFileSync(page, 'utf8').replaceAll(/^\| (F-\d+) +\| (.+?) +\|.*\|$/gm, (_, id, what) => {
  const files = filesOf(id);
  return `| ${id} | ${what} | ${files.length === 0 ? 'open' : files.map((file) => `\`${file}\``).join(', ')} |`;
});
writeFileSync(page, await format(filled, { ...(await resolveConfig(page)), parser: 'markdown' }));
const open = [...filled.matchAll(/^\| (F-\d+) \| .* \| open \|$/gm)].map(([, id]) => id);
console.log(open.length === 0 ? 'Every row is shown by a test.' : `Open: ${open.join(', ')}`);
