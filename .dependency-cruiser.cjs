// The arrows of docs/architecture.md as rules that fail the build (npm run check).

/**
 * Who may use whom, beside the platform, which everybody may use. A new arrow is a decision: draw it here and in
 * docs/architecture.md in the same commit.
 */
const ARROWS = {
  organizations: [],
  sessions: [],
  'two-factor': ['sessions'],
  'login-attempts': [],
  users: ['login-attempts', 'organizations', 'sessions', 'two-factor'],
  auth: ['login-attempts', 'organizations', 'sessions', 'two-factor', 'users'],
  'admin-reset': ['sessions', 'users'],
  alerts: ['organizations'],
  audit: ['login-attempts', 'organizations'],
  backup: [],
  balance: [],
  integrations: [],
  'dependency-audit': [],
  docs: ['alerts'],
  incidents: ['users'],
  notices: [],
  retention: [],
  'service-keys': ['sessions'],
  webhooks: ['integrations'],
  imports: ['integrations'],
};

/** The composition roots: they put the modules together and are used by nobody. */
const ROOTS = '^src/(main|app\\.setup|app\\.module)\\.ts$|^src/cli/';

/** What a module keeps for itself, whoever may use it: its routes, the shapes of its requests, its errors. */
const PRIVATE = '^src/(?!platform/)[^/]+/(dto/|[^/]+\\.(controller|errors)\\.ts$)';

const modules = Object.keys(ARROWS);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'platform-knows-no-module',
      comment:
        'The platform is what modules stand on; it turns the arrow round with an interface (PrincipalReader).',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: '^src/', pathNot: '^src/platform/' },
    },
    {
      name: 'module-has-arrows',
      comment: 'A folder of src/ that ARROWS does not know: say there whom it may use.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: `^src/(platform|cli|${modules.join('|')})/` },
      to: {},
    },
    ...modules.map((name) => ({
      name: `arrows-of-${name}`,
      comment: `${name} may use the platform and: ${ARROWS[name].join(', ') || 'no other module'}.`,
      severity: 'error',
      from: { path: `^src/${name}/` },
      to: { path: '^src/', pathNot: `^src/(${['platform', name, ...ARROWS[name]].join('|')})/` },
    })),
    {
      name: 'only-a-modules-face',
      comment:
        'A module is used through what its *.module.ts exports; controllers, DTOs and errors are its own.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: PRIVATE, pathNot: '^src/$1/' },
    },
    {
      name: 'roots-are-used-by-nobody',
      severity: 'error',
      from: { path: '^src/', pathNot: ROOTS },
      to: { path: ROOTS },
    },
    {
      name: 'generated-client-stays-in-platform-database',
      comment: 'Only platform/database may run the generated Prisma client; others may name its types.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/platform/database/' },
      to: { path: '^src/platform/database/generated/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'database-drivers-stay-in-platform-database',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/platform/database/' },
      to: {
        path: '^node_modules/(pg|pg-[^/]+|@prisma/[^/]+|@electric-sql/[^/]+|pglite-prisma-adapter)/',
      },
    },
    {
      name: 'no-cycle',
      comment:
        'Under ES modules a cycle is often a crash at start; in design it is two modules that want a third.',
      severity: 'error',
      from: { pathNot: '/generated/' },
      to: { circular: true, viaOnly: { pathNot: '/generated/', dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphan',
      comment: 'Nobody imports it and it imports nothing.',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '\\.d\\.ts$|/generated/' },
      to: {},
    },
    {
      name: 'no-tests-in-the-program',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(test|bench|scripts)/|\\.spec\\.ts$' },
    },
    {
      name: 'only-declared-packages',
      comment:
        'The program may use what package.json lists under dependencies, nothing else that happens to be there.',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: '^node_modules/@types/' },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: 'specify',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage|\\.data)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
