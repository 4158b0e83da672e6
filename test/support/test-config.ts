import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../src/platform/config/config.js';
import { generateSecret } from '../../src/platform/config/development-secrets.js';
import { loadConfig } from '../../src/platform/config/load-config.js';

/** Made once per process: real keys, never the same twice. */
const secrets = {
  JWT_PRIVATE_KEYS: generateSecret('JWT_PRIVATE_KEYS'),
  ENCRYPTION_KEYS: generateSecret('ENCRYPTION_KEYS'),
  TOKEN_KEYS: generateSecret('TOKEN_KEYS'),
};

/** Set: the suite counts in this Redis, each application under a prefix of its own. */
const redisUrl = process.env['TEST_REDIS_URL'];

/** For tests that move the clock past the window of a limit. */
export const MEMORY_COUNTERS = { REDIS_URL: '' };

/** Settings of a test: the contract's defaults, a trusted proxy on loopback so that each client has its own address. */
export function testConfig(environment: Record<string, string> = {}): Config {
  return loadConfig({
    NODE_ENV: 'test',
    PORT: '0',
    PUBLIC_URL: 'http://localhost:3000',
    DATA_DIR: mkdtempSync(join(tmpdir(), 'benteng-test-')),
    TRUST_PROXY: '127.0.0.1',
    LOG_LEVEL: 'debug',
    // Redis counts with its own clock: a test that moves ours past a window asks for MEMORY_COUNTERS.
    ...(redisUrl !== undefined && { REDIS_URL: redisUrl, REDIS_KEY_PREFIX: `benteng-test:${randomUUID()}:` }),
    ...secrets,
    ...environment,
  });
}
