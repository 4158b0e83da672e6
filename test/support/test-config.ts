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

/** Settings of a test: the contract's defaults, a trusted proxy on loopback so that each client has its own address. */
export function testConfig(environment: Record<string, string> = {}): Config {
  return loadConfig({
    NODE_ENV: 'test',
    PORT: '0',
    PUBLIC_URL: 'http://localhost:3000',
    DATA_DIR: mkdtempSync(join(tmpdir(), 'benteng-test-')),
    TRUST_PROXY: '127.0.0.1',
    LOG_LEVEL: 'debug',
    ...secrets,
    ...environment,
  });
}
