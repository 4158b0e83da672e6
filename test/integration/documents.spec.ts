import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesBelow, pages, section, specs, tableRows, titlesOf, withoutIds } from '../support/documents.js';
import { openTestDatabase } from '../support/test-database.js';

/** Each route, as `test/security/routes.spec.ts` has it from the router. */
const routes = (
  JSON.parse(readFileSync('test/security/routes.snapshot.json', 'utf8')) as { route: string }[]
).map(({ route }) => route);

/** Each setting, as `test/integration/env-example.spec.ts` has it from the program. */
const settings = [...readFileSync('.env.example', 'utf8').matchAll(/^# ([A-Z][A-Z0-9_]+)=/gm)].map(
  ([, name]) => name!,
);

const contract = readFileSync('docs/contract.md', 'utf8');

/** What stands between backquotes, with the page it stands on; code blocks are left out. */
const quoted = pages.flatMap((page) =>
  [
    ...readFileSync(page, 'utf8')
      .replaceAll(/^```[^]*?^```/gm, '')
      .matchAll(/`([^`\n]+)`/g),
  ].map(([, text]) => ({
    page,
    text: text!,
  })),
);

/** `GET|POST /x` and `GET /x?y=z` as single routes without a query. */
function routesIn(text: string): string[] {
  const [, methods, path] =
    /^((?:GET|POST|PATCH|PUT|DELETE)(?:\\?\|(?:GET|POST|PATCH|PUT|DELETE))*) (\/\S*)$/.exec(text) ?? [];
  if (methods === undefined || path === undefined || path.includes('…')) return [];
  return methods.split(/\\?\|/).map((method) => `${method} ${path.replace(/[?[].*$/, '')}`);
}

/** The name of a heading in an address, as GitHub makes it. */
function anchorsOf(page: string): string[] {
  return [...readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('the pages [F-60]', () => {
  it('lead where they say: every link has its page, and every anchor its heading', () => {
    const lost = pages.flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target]) => target!)
        .filter((target) => !/^(https?:|mailto:)/.test(target))
        .filter((target) => {
          const [file, anchor] = target.split('#');
          const path = file === '' ? page : join(dirname(page), file!);
          return !existsSync(path) || (anchor !== undefined && !anchorsOf(path).includes(anchor));
        })
        .map((target) => `${page}: ${target}`),
    );
    expect(lost).toEqual([]);
  });

  it('are cited by sections that exist: every "contract §n" leads to one of docs/contract.md', () => {
    const cited = [
      ...pages,
      ...filesBelow('src', '.ts'),
      ...filesBelow('test', '.ts'),
      ...filesBelow('scripts', '.mjs'),
    ]
      .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/contract(?:’s|'s)?[^.\n]{0,20}§(\d+)/gi)])
      .map(([, number]) => number!);
    expect(cited.length).toBeGreaterThan(20);
    const sections = [...contract.matchAll(/^## (\d+)\. /gm)].map(([, number]) => number);
    expect([...new Set(cited)].filter((number) => !sections.includes(number))).toEqual([]);
  });

  it('name routes that exist, and the contract or docs/api.md each route that exists', () => {
    const named = quoted.flatMap(({ page, text }) => routesIn(text).map((route) => ({ page, route })));
    expect(named.length).toBeGreaterThan(80);
    // The same place may have another name: `:id` or `:userId`.
    const shape = (route: string) => route.replaceAll(/:\w+/g, ':');
    const existing = new Set(routes.map(shape));
    expect(named.filter(({ route }) => !existing.has(shape(route)))).toEqual([]);
    const promised = new Set(
      named.filter(({ page }) => /contract|api/.test(page)).map(({ route }) => shape(route)),
    );
    expect(routes.filter((route) => !promised.has(shape(route)))).toEqual([]);
  });

  it('name settings that exist, and the contract each setting that exists', () => {
    const words = new Set(
      quoted.flatMap(({ text }) =>
        [...text.matchAll(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g)].map(([word]) => word),
      ),
    );
    const code = [
      ...filesBelow('src', '.ts'),
      ...filesBelow('test', '.ts'),
      ...filesBelow('scripts', '.mjs'),
      'prisma/schema.prisma',
      '.ci/run',
    ]
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    // A setting, a code, a value of a column, or a variable of another program: the program knows it.
    const unknown = [...words].filter(
      (word) => !settings.includes(word.replace(/_FILE$/, '')) && !new RegExp(`\\b${word}\\b`).test(code),
    );
    expect(unknown.filter((word) => !FOREIGN_VARIABLES.includes(word))).toEqual([]);
    const listed = section('docs/contract.md', '9. Settings (environment; `.env` is read when present)');
    const short = (name: string) => name.replace('RATE_LIMIT', '…');
    expect(
      settings.filter((name) => !listed.includes(`\`${name}\``) && !listed.includes(`\`${short(name)}\``)),
    ).toEqual([]);
  });

  it('name the cookies that exist, and docs/security.md each of them', () => {
    const source = readFileSync('src/platform/http/cookies.ts', 'utf8');
    const [, union] = /export type CookieName = ([^;]+);/.exec(source)!;
    const cookies = [...union!.matchAll(/'(\w+)'/g)].map(([, name]) => `__Host-${name}`).toSorted();
    expect(cookies.length).toBeGreaterThan(2);
    const named = quoted.flatMap(({ text }) => [...text.matchAll(/__Host-\w+/g)].map(([name]) => name));
    expect([...new Set(named)].toSorted()).toEqual(cookies);
    const tokens = section('docs/security.md', 'Tokens and cookies');
    expect(cookies.filter((name) => !tokens.includes(`\`${name}\``))).toEqual([]);
  });

  it('list the tables that exist in docs/security.md, and no other', async () => {
    const connection = await openTestDatabase();
    try {
      const queryable = await connection.adapter.connect();
      const { rows } = await queryable.queryRaw({
        sql: `SELECT tablename::text FROM pg_tables WHERE schemaname = 'benteng' ORDER BY 1`,
        args: [],
        argTypes: [],
      });
      const listed = [...section('docs/security.md', 'What is stored').matchAll(/^\| `(\w+)`/gm)];
      expect(listed.map(([, name]) => name).toSorted()).toEqual(
        rows.map(([name]) => name as string).toSorted(),
      );
    } finally {
      await connection.close();
    }
  });

  it('name files that exist', () => {
    const all = ['src', 'test', 'scripts', 'deploy', 'bench', 'clients', 'prisma', '.ci']
      .flatMap((folder) => filesBelow(folder, ''))
      .concat(filesBelow('docs', ''));
    const named = quoted.filter(({ text }) =>
      /^[\w.-][\w./-]*\.(ts|mjs|cjs|sql|conf|yml|service)$/.test(text),
    );
    expect(named.length).toBeGreaterThan(30);
    const lost = named.filter(
      ({ text }) => !existsSync(text) && !all.some((path) => path === text || path.endsWith(`/${text}`)),
    );
    expect(lost).toEqual([]);
  });
});

/** Variables of other programs that pages speak of. */
const FOREIGN_VARIABLES = ['NODE_EXTRA_CA_CERTS', 'INTERNAL_NETWORKS'];

describe('docs/asvs.md [F-61]', () => {
  const rows = tableRows('docs/asvs.md').filter(([id]) => /^V\d/.test(id ?? ''));
  const titles = new Set(specs.flatMap(titlesOf).map(withoutIds));

  it('has each row of the standard that applies, once', () => {
    const applicable = JSON.parse(readFileSync('test/security/data/asvs-rows.json', 'utf8')) as string[];
    expect(applicable.length).toBeGreaterThan(200);
    expect(rows.map(([id]) => id)).toEqual(applicable);
  });

  it('gives each a known state, and shows it by a test or a page', () => {
    for (const [id, , , state, how, proof] of rows) {
      expect([id, state]).toEqual([id, expect.stringMatching(/^(holds|in part|not met|waived|yours)$/)]);
      expect([id, how]).not.toEqual([id, '']);
      expect([id, proof]).toEqual([id, expect.stringMatching(/“.+”|\]\(.+\)/)]);
    }
  });

  it('names tests that are there, by their titles', () => {
    const named = rows.flatMap(([id, , , , , proof]) =>
      [...proof!.matchAll(/“([^”]+)”/g)].map(([, title]) => ({ id, title: title! })),
    );
    expect(named.length).toBeGreaterThan(200);
    expect(named.filter(({ title }) => !titles.has(title))).toEqual([]);
  });

  it('lets every row that a test names in its title lead to a line', () => {
    const known = new Set(rows.map(([id]) => id));
    const claimed = specs.flatMap((file) =>
      titlesOf(file).flatMap((title) =>
        [...title.matchAll(/\bV\d+\.\d+\.\d+\b/g)].map(([id]) => ({ file, id })),
      ),
    );
    expect(claimed.filter(({ id }) => !known.has(id))).toEqual([]);
  });
});

describe('the protections [F-62]', () => {
  const protections = JSON.parse(readFileSync('test/security/data/protections.json', 'utf8')) as {
    protection: string;
    file: string;
    from: string;
    spec: string;
    title: string;
  }[];

  it('that can be taken away are still where they are said to be, and so are the tests that miss them', () => {
    for (const { protection, file, from, spec, title } of protections) {
      expect([protection, readFileSync(file, 'utf8').split(from)]).toEqual([
        protection,
        [expect.any(String), expect.any(String)],
      ]);
      expect([protection, titlesOf(spec).map(withoutIds)]).toEqual([
        protection,
        expect.arrayContaining([title]),
      ]);
    }
  });

  it('are the ones of docs/security.md', () => {
    const listed = [
      ...section('docs/security.md', 'What would be missed').matchAll(/^\| (.+?) +\| `(.+?)` +\| “(.+?)”/gm),
    ];
    expect(listed.map(([, protection, file, title]) => [protection, `src/${file}`, title])).toEqual(
      protections.map(({ protection, file, title }) => [protection, file, title]),
    );
  });
});
