import { canonicalEmail } from './email.js';

describe('the canonical form of an email address', () => {
  it.each([
    ['ana@example.com', 'ana@example.com'],
    ['  Ana.Wijaya@Example.COM\t', 'ana.wijaya@example.com'],
    ['ana+shop@example.com', 'ana+shop@example.com'],
    [`o'brien_{x}@example.co.id`, `o'brien_{x}@example.co.id`],
    ['a@b.co', 'a@b.co'],
    ['ana@bücher.example', 'ana@xn--bcher-kva.example'],
    ['ana@BÜCHER.example', 'ana@xn--bcher-kva.example'],
    ['ana@bu\u0308cher.example', 'ana@xn--bcher-kva.example'],
    ['ana@xn--bcher-kva.example', 'ana@xn--bcher-kva.example'],
    ['ana@почта.рф', 'ana@xn--80a1acny.xn--p1ai'],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ])('of %j is %j', (text, canonical) => {
    expect(canonicalEmail(text)).toBe(canonical);
    expect(canonicalEmail(canonical)).toBe(canonical);
  });

  it.each([
    ['nothing', ''],
    ['no at sign', 'ana.example.com'],
    ['no local part', '@example.com'],
    ['no domain', 'ana@'],
    ['one label', 'ana@localhost'],
    ['an address literal', 'ana@[127.0.0.1]'],
    ['an IPv4 address', 'ana@127.0.0.1'],
    ['two at signs', 'ana@evil@example.com'],
    ['a quoted local part', '"ana maria"@example.com'],
    ['a comment', 'ana(x)@example.com'],
    ['a space inside', 'ana maria@example.com'],
    ['a line end', 'ana@example.com\n'],
    ['a header injection', 'ana@example.com\r\nBcc: x@example.com'],
    ['NUL', 'ana\0@example.com'],
    ['dots in a row', 'ana..maria@example.com'],
    ['a leading dot', '.ana@example.com'],
    ['a trailing dot', 'ana.@example.com'],
    ['a trailing dot of the domain', 'ana@example.com.'],
    ['a leading hyphen', 'ana@-example.com'],
    ['a Cyrillic look-alike', '\u0430na@example.com'],
    ['a look-alike domain of two scripts', 'ana@ex\u0430mple.com'],
    ['a full-width local part', '\uff41na@example.com'],
    ['a full-width domain', 'ana@\uff45xample.com'],
    ['a full-width at sign', 'ana\uff20example.com'],
    ['an ideographic full stop', 'ana@example\u3002com'],
    ['a zero-width space', 'ana\u200b@example.com'],
    ['a zero-width joiner in the domain', 'ana@exam\u200dple.com'],
    ['a soft hyphen in the domain', 'ana@exam\u00adple.com'],
    ['a byte order mark', '\ufeffana@example.com'],
    ['a no-break space', '\u00a0ana@example.com'],
    ['a right-to-left override', 'ana\u202e@example.com'],
    ['the Kelvin sign', '\u212aana@example.com'],
    ['the Kelvin sign in the domain', 'ana@\u212aana.example.com'],
    ['a dotless i', 'admın@example.com'],
    ['a percent escape', 'ana@example%2ecom'],
    ['a path', 'ana@example.com/x'],
    ['65 characters before the at sign', `${'a'.repeat(65)}@example.com`],
    [
      '255 characters',
      `${'a'.repeat(60)}@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(11)}`,
    ],
    ['far too much', 'a'.repeat(100_000)],
  ])('does not exist for %s', (_what, text) => {
    expect(canonicalEmail(text)).toBeNull();
  });
});
