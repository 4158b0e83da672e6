// Jest loads CommonJS; NestJS 12, Prisma's client and PGlite are ES modules: swc turns both into CommonJS.
const esmPackages = [
  '@nestjs',
  'jose',
  'otplib',
  '@otplib',
  '@scure',
  '@noble',
  '@prisma/client',
  '@prisma/adapter-pg',
  '@prisma/driver-adapter-utils',
  'pglite-prisma-adapter',
  'postgres-array',
  '@electric-sql',
  'uuid',
  'age-encryption',
  '@seriousme/openapi-schema-validator',
  'load-esm',
  'file-type',
];

export default {
  rootDir: '.',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testRegex: String.raw`\.spec\.ts$`,
  testEnvironment: '<rootDir>/test/support/environment.mjs',
  moduleFileExtensions: ['ts', 'mts', 'js', 'mjs', 'cjs', 'json', 'node'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.(t|c?j|mj)s$': ['@swc/jest'] },
  transformIgnorePatterns: [`/node_modules/(?!(${esmPackages.join('|')})/)`],
  setupFiles: ['reflect-metadata'],
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  maxWorkers: 2,
  // A worker that has grown (an embedded database and a whole application per file) makes way for a fresh one: collecting
  // its garbage would take longer.
  workerIdleMemoryLimit: '1200MB',
  // A worker gives the memory of its databases back before it ends.
  workerGracefulExitTimeout: 10_000,
  testTimeout: 60_000,
  cacheDirectory: '<rootDir>/node_modules/.cache/jest',
};
