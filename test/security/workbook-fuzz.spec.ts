import { performance } from 'node:perf_hooks';
import fc from 'fast-check';
import { readWorkbook } from '../../src/imports/workbook/read-workbook.js';
import { RowPacker } from '../../src/imports/workbook/row-packer.js';
import { unpackRows } from '../../src/imports/workbook/row-packing.js';
import { WorkbookRefused } from '../../src/imports/workbook/workbook-refused.js';
import { textRow, workbookParts, zip, type ZipEntry } from '../factories/workbooks.js';
import { testConfig } from '../support/test-config.js';

const SEED = 20261121;
const { imports: limits } = testConfig({ IMPORT_MAX_INFLATED_MIB: '20', IMPORT_MAX_STORED_MIB: '2' });
const MIB = 1024 * 1024;

/** Every kind of cell, two sheets, shared texts and formats. */
const PARTS = workbookParts(
  {
    Orders:
      textRow(1, ['a', 'b']) +
      '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" s="1"><v>45688.5</v></c><c r="D2" t="b"><v>1</v></c></row>' +
      '<row r="9"><c r="A9" t="e"><v>#REF!</v></c><c r="B9"><f>SUM(A1:A2)</f><v>7</v></c></row>',
    Other: textRow(3, ['x']),
  },
  ['<t>Ibu Sri</t>', '<r><t>rich </t></r><r><t>text</t></r>'],
);

/** Reads it as the worker does. @returns what came of it. */
async function outcomeOf(file: Buffer): Promise<'read' | 'refused'> {
  let chunks = 0;
  const packer = new RowPacker(
    limits.storedMiB,
    ({ rows }) => (chunks += [...unpackRows(rows)].length),
    () => undefined,
  );
  try {
    await readWorkbook(file, limits, (sheet, row) => packer.add(sheet, row));
    packer.end();
    return 'read';
  } catch (error) {
    // Anything else would end the thread and answer 500.
    if (!(error instanceof WorkbookRefused)) throw error;
    expect(error.message).toMatch(/^[A-Z][^]{10,600}\.$/);
    return 'refused';
  }
}

const HOSTILE_NUMBERS = [0, 1, 7, 8, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
const HOSTILE_NAMES = [
  '',
  '/',
  '..',
  '../x.xml',
  '..\\..\\x.xml',
  '\\\\host\\share\\x.xml',
  'C:\\x.xml',
  'xl/\0x.xml',
  'xl/workbook.xml/',
  'XL/WORKBOOK.XML',
  '__proto__',
  'constructor/prototype.xml',
  '[Content_Types].xml',
  '_rels/.rels',
  '_rels/a/_rels/.rels',
  'xl/_rels/.rels.rels',
  'x'.repeat(60_000),
  '\u202Eslmx.xml',
  'xl/externalLinks/a.xml',
  '💣.xml',
];
const HOSTILE_TEXTS = [
  '',
  '-1',
  '1e400',
  'NaN',
  '0x10',
  '99999999999999999999',
  '4294967296',
  '__proto__',
  'constructor',
  'ZZZZZZ1',
  'A0',
  'a1',
  '&amp;',
  '&x;',
  '&#0;',
  '&#xD800;',
  ']]>',
  '<!--',
  '\0',
  '\uFFFF',
  '../../../../etc/passwd',
  'file:///etc/passwd',
  '#',
  'x'.repeat(40_000),
  '1'.repeat(400),
];
const INSERTED = [
  '<!DOCTYPE x [<!ENTITY a "b">]>',
  '<?xml version="1.1"?>',
  '<![CDATA[x]]>',
  '<row>',
  '</row>',
  '<c>',
  '</c></c>',
  '<c r="XFE1"/>',
  '<c t="s"><v>-1</v></c>',
  '<sheetData>',
  '<a>'.repeat(20_000),
  '<v/><v><v>',
  '<f>1</f>',
  '<is><t>1</t></is>',
  '\u0000',
  '\uFEFF',
];

const number = fc.constantFrom(...HOSTILE_NUMBERS);
/** Changes of the bytes of an archive: header fields, directory, cuts, repetitions. */
const archiveChange = fc.oneof(
  fc.record({ kind: fc.constant('byte' as const), at: fc.nat(), value: fc.nat(255) }),
  fc.record({ kind: fc.constant('field' as const), at: fc.nat(), value: number, field: fc.nat(45) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(), value: fc.nat(100) }),
  fc.record({ kind: fc.constant('twice' as const), at: fc.nat(), value: fc.nat(5000) }),
);
const entryChange = fc.record(
  {
    name: fc.constantFrom(...HOSTILE_NAMES),
    localName: fc.constantFrom(...HOSTILE_NAMES),
    claimedSize: number,
    claimedCompressedSize: number,
    claimedOffset: number,
    flags: fc.constantFrom(0, 1, 8, 0x40, 0x800, 0x2000, 0xffff),
    crc32: number,
    isStored: fc.boolean(),
    hasDescriptor: fc.boolean(),
  },
  { requiredKeys: [] },
);
const textChange = fc.record({
  part: fc.nat(PARTS.length - 1),
  kind: fc.constantFrom('attribute', 'text', 'insert', 'remove', 'utf-16le', 'utf-16be', 'latin1', 'utf-7'),
  at: fc.nat(),
  value: fc.constantFrom(...HOSTILE_TEXTS),
  inserted: fc.constantFrom(...INSERTED),
});

/** Offsets of the headers and entries of an archive. */
function signatures(file: Buffer): number[] {
  const found: number[] = [];
  for (let at = file.indexOf('PK'); at >= 0; at = file.indexOf('PK', at + 2)) found.push(at);
  return found;
}

function changeArchive(
  file: Buffer,
  change: typeof archiveChange extends fc.Arbitrary<infer T> ? T : never,
): Buffer {
  const at = change.at % file.length;
  if (change.kind === 'cut') return Buffer.concat([file.subarray(0, at), file.subarray(at + change.value)]);
  if (change.kind === 'twice')
    return Buffer.concat([file.subarray(0, at), file.subarray(at, at + change.value), file.subarray(at)]);
  const changed = Buffer.from(file);
  if (change.kind === 'byte') changed[at] = change.value;
  else {
    const all = signatures(changed);
    const place = all[change.at % all.length]! + change.field;
    if (place + 4 <= changed.length) changed.writeUInt32LE(change.value, place);
  }
  return changed;
}

function changeText(
  text: string,
  change: typeof textChange extends fc.Arbitrary<infer T> ? T : never,
): string | Buffer {
  const nth = (pattern: RegExp, replacement: (match: string) => string): string => {
    const count = [...text.matchAll(pattern)].length;
    let index = 0;
    return text.replaceAll(pattern, (match) =>
      index++ === change.at % Math.max(1, count) ? replacement(match) : match,
    );
  };
  switch (change.kind) {
    case 'attribute':
      return nth(/"[^"]*"/g, () => `"${change.value.replaceAll('<', '&lt;')}"`);
    case 'text':
      return nth(/>[^<]+</g, () => `>${change.value}<`);
    case 'insert':
      return nth(/>/g, () => `>${change.inserted}`);
    case 'remove':
      return nth(/<[^>]*>/g, () => '');
    case 'utf-16le':
      return Buffer.from(`\uFEFF${text}`, 'utf16le');
    case 'utf-16be':
      return Buffer.from(`\uFEFF${text}`, 'utf16le').swap16();
    case 'latin1':
      return Buffer.from(text.replace('Ibu', 'Ib\xFC'), 'latin1');
    case 'utf-7':
      return text.replace('UTF-8', 'UTF-7');
  }
}

describe('the reader of workbooks', () => {
  const numRuns = 600;
  let slowest = 0;
  const seen = { read: 0, refused: 0 };
  const judge = async (file: Buffer): Promise<void> => {
    const startedAt = performance.now();
    seen[await outcomeOf(file)] += 1;
    slowest = Math.max(slowest, performance.now() - startedAt);
  };
  let before = 0;
  beforeAll(() => {
    before = process.memoryUsage().rss;
  });

  it('reads or refuses an archive however its bytes are changed [F-10]', async () => {
    const file = zip(PARTS);
    const property = fc.asyncProperty(
      fc.array(archiveChange, { minLength: 1, maxLength: 4 }),
      async (changes) => judge(changes.reduce(changeArchive, file)),
    );
    await fc.assert(property, { numRuns, seed: SEED });
  });

  it('reads or refuses an archive however its parts are called, sized and marked [F-10]', async () => {
    const property = fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(PARTS.length - 1), entryChange), { minLength: 1, maxLength: 3 }),
      async (changes) => {
        const entries: ZipEntry[] = [...PARTS];
        for (const [index, change] of changes) entries[index] = { ...entries[index]!, ...change };
        await judge(zip(entries));
      },
    );
    await fc.assert(property, { numRuns, seed: SEED });
  });

  it('reads or refuses a workbook however its XML is changed [F-13]', async () => {
    const property = fc.asyncProperty(
      fc.array(textChange, { minLength: 1, maxLength: 3 }),
      async (changes) => {
        const entries: ZipEntry[] = [...PARTS];
        for (const change of changes) {
          const entry = entries[change.part]!;
          if (typeof entry.content === 'string')
            entries[change.part] = { ...entry, content: changeText(entry.content, change) };
        }
        await judge(zip(entries));
      },
    );
    await fc.assert(property, { numRuns, seed: SEED });
  });

  it('did both, soon, and did not grow', () => {
    expect(seen.read).toBeGreaterThan(50);
    expect(seen.refused).toBeGreaterThan(500);
    expect(slowest).toBeLessThan(3000);
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * MIB);
  });
});
