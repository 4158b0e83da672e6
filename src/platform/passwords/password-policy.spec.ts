import fc from 'fast-check';
import { checkPassword, MAX_PASSWORD_LENGTH } from './password-policy.js';
import type { PasswordContext } from './password-policy.js';

const GOOD = 'Kuda-lepas7 meja hijau';
const someone: PasswordContext = {
  email: 'rina.hartono@example.com',
  organizationName: 'Toko Kelapa Gading',
};

function codesFor(password: string, context: Partial<PasswordContext> = {}): string[] {
  return checkPassword(password, { ...someone, ...context }).map(({ code }) => code);
}

describe('checkPassword', () => {
  it('accepts a passphrase and a generated password [L-S6.1]', () => {
    expect(codesFor(GOOD)).toEqual([]);
    expect(codesFor('gT4!vZ9q-LpW2')).toEqual([]);
  });

  it.each([
    ['gT4!vZ9', ['too_short']],
    ['GT4!VZ9Q-LPW2', ['needs_lowercase']],
    ['gt4!vz9q-lpw2', ['needs_uppercase']],
    ['gTd!vZkq-LpWm', ['needs_digit']],
    ['gT4xvZ9qmLpW2', ['needs_symbol']],
    ['', ['too_short', 'needs_lowercase', 'needs_uppercase', 'needs_digit', 'needs_symbol']],
  ])('says of "%s" each rule it breaks: %j [L-S6.1]', (password, codes) => {
    expect(codesFor(password)).toEqual(codes);
  });

  it('counts a space as a symbol, and an accent as part of its letter [L-S6.1]', () => {
    expect(codesFor('gT4 vZ9q LpW2')).toEqual([]);
    expect(codesFor('gT4vZ9qLpW2e\u0301mx')).toContain('needs_symbol');
  });

  it('takes letters and digits of any script [L-S6.1]', () => {
    expect(codesFor('ЖдУк-٤٧ щЫфЮ')).toEqual([]);
  });

  it('counts code points, so 128 emoji pass the limit and one more does not (ASVS V6.2.9) [L-S6.1]', () => {
    const padding = Array.from({ length: 128 }, (_, i) => String.fromCodePoint(0x1f600 + (i % 64))).join('');
    const start = [...GOOD].length;
    const longest = GOOD + [...padding].slice(start).join('');
    expect([...longest]).toHaveLength(MAX_PASSWORD_LENGTH);
    expect(codesFor(longest)).toEqual([]);
    expect(codesFor(`${longest}x`)).toEqual(['too_long']);
  });

  it('stops at a megabyte of text without reading it', () => {
    const startedAt = performance.now();
    expect(codesFor('@'.repeat(1_000_000))).toEqual(['too_long']);
    expect(performance.now() - startedAt).toBeLessThan(40);
  });

  it.each(['P@ssw0rd', 'Welcome@123', '1qaz@WSX', 'Rahasia@123', 'Merdeka45!'])(
    'refuses %s as guessable and says what would help (ASVS V6.2.4) [L-S6.1]',
    (password) => {
      const faults = checkPassword(password, someone);
      expect(faults).toEqual([{ code: 'guessable', message: expect.stringContaining('unrelated words') }]);
    },
  );

  it.each([
    'xK9!rina-Wq7mZp',
    'xK9!Hartono-Wq7',
    'xK9-h4rt0n0-Wq7!',
    'xK9!RINA.HARTONO-Wq7',
    'xK9 r-1-n-a Wq7!mZ',
  ])('refuses %s, which holds the name of the email (ASVS V6.2.11) [L-S6.1]', (password) => {
    expect(codesFor(password)).toContain('contains_email_name');
  });

  it.each([
    'xK9!Kelapa-Wq7mZ',
    'xK9!k3l@pa-Wq7mZ',
    'xK9-Gad1ng-Wq7mZ!',
    'xK9!TokoKelapaGading',
    'Ke1apa+Wq7mZ-xK9',
  ])('refuses %s, which holds the name of the organization [L-S6.1]', (password) => {
    expect(codesFor(password)).toContain('contains_organization_name');
  });

  it.each(['xK9!Benteng-Wq7', 'xK9-8ent3ng-Wq7!', 'xK9!B.e.n.t.e.n.g'])(
    'refuses %s, which holds the name of the product [L-S6.1]',
    (password) => {
      expect(codesFor(password)).toContain('contains_product_name');
    },
  );

  it('lets pass generic words of an organization and names under four characters', () => {
    expect(codesFor('Toko-lepas7 meja hijau')).toEqual([]);
    expect(codesFor('Budi-lepas7 ayu hijau', { email: 'ayu@example.com' })).toEqual([]);
  });

  it('needs neither an organization nor a well-formed email', () => {
    expect(codesFor(GOOD, { organizationName: null })).toEqual([]);
    expect(codesFor(GOOD, { organizationName: undefined, email: '' })).toEqual([]);
    expect(codesFor(GOOD, { organizationName: '!!! ---', email: '@@' })).toEqual([]);
  });

  it('finds the name of any email in a password built around it', () => {
    const name = fc.stringMatching(/^[a-z]{4,12}$/);
    fc.assert(
      fc.property(name, (local) => {
        expect(codesFor(`xK9!${local.toUpperCase()}-Wq7`, { email: `${local}+news@example.com` })).toContain(
          'contains_email_name',
        );
      }),
      { numRuns: 100 },
    );
  });

  it('gives each broken rule once, with a stable code and a sentence', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 4, maxLength: 140 }), (password) => {
        const faults = checkPassword(password, someone);
        expect(new Set(faults.map(({ code }) => code)).size).toBe(faults.length);
        for (const { code, message } of faults) {
          expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
          expect(message).toMatch(/^[A-Z].*\.$/);
        }
      }),
      { numRuns: 100 },
    );
  });
});
