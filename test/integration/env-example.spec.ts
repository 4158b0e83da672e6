import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSecret } from '../../src/platform/config/development-secrets.js';
import { loadConfig } from '../../src/platform/config/load-config.js';

const example = readFileSync('.env.example', 'utf8');
/** Every name in capitals between quotes is a variable: load-config.ts has no other use for such text. */
const readByConfig = namesIn(
  readFileSync('src/platform/config/load-config.ts', 'utf8'),
  /'([A-Z][A-Z0-9_]+)'/g,
);
const entries = [...example.matchAll(/^# ([A-Z][A-Z0-9_]+)=(.*)$/gm)].map(([, name, value]) => ({
  name: name!,
  value: value!,
}));

function namesIn(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, name]) => name!))].toSorted();
}

describe('.env.example', () => {
  it('lists every variable that the settings read, and no other [D-3]', () => {
    expect(readByConfig.length).toBeGreaterThan(20);
    expect(entries.map(({ name }) => name).toSorted()).toEqual(readByConfig);
  });

  it('is a comment from end to end, and every entry tells its default and who uses it', () => {
    expect(example.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
    for (const entry of example.split(/\n\n+/).filter((block) => /^# [A-Z_]+=/m.test(block))) {
      expect(entry).toMatch(/Default: /);
      expect(entry).toMatch(/(Used|checked) by: /);
    }
  });

  it('shows the real defaults, and no secret [L-7]', () => {
    const base = {
      DATA_DIR: mkdtempSync(join(tmpdir(), 'benteng-env-')),
      JWT_PRIVATE_KEYS: generateSecret('JWT_PRIVATE_KEYS'),
      ENCRYPTION_KEYS: generateSecret('ENCRYPTION_KEYS'),
      TOKEN_KEYS: generateSecret('TOKEN_KEYS'),
    };
    const shown = Object.fromEntries(entries.map(({ name, value }) => [name, value]));
    const { JWT_PRIVATE_KEYS, ENCRYPTION_KEYS, TOKEN_KEYS, DATA_DIR, ...rest } = shown;
    expect([JWT_PRIVATE_KEYS, ENCRYPTION_KEYS, TOKEN_KEYS, DATA_DIR]).toEqual(['', '', '', '.data']);
    expect(loadConfig({ ...rest, ...base })).toEqual(loadConfig(base));
  });
});
