import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import writeWorkbook from 'write-excel-file/node';
import type { Response } from 'supertest';
import { Jobs } from '../../src/platform/jobs/jobs.js';
import { ImportsService } from '../../src/imports/imports.service.js';
import { WorkbookParser, type ParsedWorkbook } from '../../src/imports/workbook-parser.js';
import { aSignedInAdmin, aSignedInUser, type SignedIn } from '../factories/people.js';
import {
  aLongWorkbook,
  alteredWorkbook,
  aWorkbook,
  extraRecord,
  textRow,
  workbookParts,
  zip,
  type ZipEntry,
} from '../factories/workbooks.js';
import { BOUNDARY, form, FORM_TYPE, XLSX, type Part } from '../factories/forms.js';
import { pageOf } from '../support/pages.js';
import { expectProblem } from '../support/problems.js';
import { MEMORY_COUNTERS, testConfig } from '../support/test-config.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import type { TestClient } from '../support/test-client.js';

const ENVIRONMENT = {
  ...MEMORY_COUNTERS,
  RATE_LIMIT_UPLOAD: '10000/60',
  RATE_LIMIT_GLOBAL: '100000/60',
  RATE_LIMIT_LOGIN_IP: '1000/60',
  RATE_LIMIT_LOGIN_EMAIL: '1000/60',
  IMPORT_MAX_SHEETS: '3',
  IMPORT_MAX_ROWS: '3000',
  IMPORT_MAX_COLUMNS: '30',
  IMPORT_MAX_CELLS: '20000',
  IMPORT_MAX_SHARED_STRINGS: '1000',
  IMPORT_MAX_CELL_LENGTH: '2000',
  IMPORT_MAX_INFLATED_MIB: '50',
  IMPORT_MAX_STORED_MIB: '1',
  IMPORT_MAX_TEXT_MIB: '8',
};

let test: TestApp;
let admin: SignedIn;
let shop: string;
beforeAll(async () => {
  test = await startTestApp({ environment: ENVIRONMENT });
  admin = await aSignedInAdmin(test);
  const created = await admin.client.post('/integrations', { provider: 'TIKTOK_SHOP', label: 'x' });
  shop = (created.body as { id: string }).id;
});
afterAll(() => test.close());

const send = (body: Buffer, client: TestClient = admin.client, type = FORM_TYPE) =>
  client.post(`/integrations/${shop}/imports`, body, { 'Content-Type': type });
const upload = (
  content: Buffer | string,
  { name = 'Settlement.xlsx', type = XLSX, client = admin.client } = {},
) => send(form([{ name, type, content }]), client);
const rowsOf = async (response: Response, query = '') => {
  const { id } = response.body as { id: string };
  return pageOf(await admin.client.get(`/integrations/${shop}/imports/${id}/rows${query}`));
};
const kept = async () => ({
  imports: await test.database.client.import.count(),
  parts: await test.database.client.importPart.count(),
  chunks: await test.database.client.importChunk.count(),
  texts: await test.database.client.importText.count(),
});

describe('an uploaded workbook', () => {
  it('is read as text, sheet by sheet, and given back as it came [L-S3]', async () => {
    const strings = [
      '<t>Ibu Sri</t>',
      '<r><t>rich </t></r><r><t>text</t></r><rPh><t>no</t></rPh>',
      '<t>a_x000A_b</t>',
    ];
    const file = zip(
      workbookParts(
        {
          Orders:
            '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c><c r="D1" t="s"><v>2</v></c></row>' +
            '<row r="3"><c r="A3"><v>1234.5</v></c><c r="B3" t="b"><v>1</v></c><c r="C3" t="e"><v>#REF!</v></c>' +
            '<c r="D3"><f>SUM(A1:A2)&amp;HYPERLINK("x")</f><v>7</v></c><c r="E3" t="str"><v>shown</v></c></row>' +
            '<row r="4"><c r="A4" s="1"><v>45688</v></c><c r="B4" s="2"><v>45688.5</v></c><c r="C4" s="3"><v>1.5</v></c>' +
            '<c r="D4" s="1"><v>0.25</v></c></row>',
          'Rekap — 2': textRow(1, ['__proto__', 'constructor', '=1+1', ' spaces ']),
          Empty: '',
        },
        strings,
      ),
    );
    const response = await upload(file);
    expect(response.status).toBe(201);
    expect(response.body).toMatchObject({
      id: expect.any(String),
      fileName: 'Settlement.xlsx',
      bytes: file.length,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      status: 'READY',
      sheets: [
        { name: 'Orders', rows: 4, columns: 5 },
        { name: 'Rekap — 2', rows: 1, columns: 4 },
        { name: 'Empty', rows: 0, columns: 0 },
      ],
    });
    expect(response.headers['location']).toBe(
      `/integrations/${shop}/imports/${(response.body as { id: string }).id}`,
    );
    const { items, nextCursor } = await rowsOf(response);
    expect(nextCursor).toBeNull();
    expect(items).toEqual([
      { sheet: 'Orders', row: 1, cells: ['Ibu Sri', '', 'rich text', 'a\nb'] },
      { sheet: 'Orders', row: 3, cells: ['1234.5', 'TRUE', '#REF!', '=SUM(A1:A2)&HYPERLINK("x")', 'shown'] },
      { sheet: 'Orders', row: 4, cells: ['2025-01-31', '2025-01-31T12:00:00', '1.5', '06:00:00'] },
      { sheet: 'Rekap — 2', row: 1, cells: ['__proto__', 'constructor', '=1+1', ' spaces '] },
    ]);
    const path = (response.headers['location'] as string) + '/file';
    const file2 = await admin.client.get(path);
    expect(Buffer.from(file2.body as Buffer).equals(file)).toBe(true);
    expect(file2.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': expect.stringMatching(/^attachment; /),
      'x-content-type-options': 'nosniff',
    });
  });

  it('of another program is read too', async () => {
    const when = new Date(Date.UTC(2026, 0, 31));
    const rows = [
      [{ value: 'Nama' }, { value: 'Jumlah' }, { value: 'Tanggal' }],
      [
        { value: 'Ibu Sri — ☕' },
        { value: 12.5, type: Number },
        { value: when, type: Date, format: 'dd/mm/yyyy' },
      ],
    ];
    const response = await upload(await writeWorkbook(rows as never, {}).toBuffer());
    expect(response.status).toBe(201);
    expect((await rowsOf(response)).items.map((item) => (item as { cells: string[] }).cells)).toEqual([
      ['Nama', 'Jumlah', 'Tanggal'],
      ['Ibu Sri — ☕', '12.5', '2026-01-31'],
    ]);
  });

  it('is ciphertext in the database, file and rows', async () => {
    await upload(aWorkbook([['rahasia-dapur', 'nomor 4711']]));
    const rows = await test.database.client.$queryRaw<{ text: string }[]>`
      SELECT content AS text FROM benteng.import_parts UNION ALL SELECT rows FROM benteng.import_chunks`;
    for (const { text } of rows) expect(text).toMatch(/^v1:[a-z0-9]+:/);
    expect(test.logLines.join('')).not.toContain('rahasia-dapur');
  });

  it('is shown in pages, whole and by sheet', async () => {
    const rows = Array.from({ length: 1203 }, (_, index) => textRow(index * 2 + 1, [`row ${index}`, 'x']));
    const response = await upload(zip(workbookParts({ One: rows.join(''), Two: textRow(7, ['second']) })));
    let cursor: string | null = '';
    const seen: string[] = [];
    while (cursor !== null) {
      const page = await rowsOf(response, `?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect(page.items.length).toBeLessThanOrEqual(100);
      seen.push(...page.items.map((item) => (item as { cells: string[] }).cells[0]!));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual([...rows.map((_, index) => `row ${index}`), 'second']);
    expect((await rowsOf(response, '?sheet=Two')).items).toEqual([
      { sheet: 'Two', row: 7, cells: ['second'] },
    ]);
    expect((await rowsOf(response, '?sheet=Three')).items).toEqual([]);
    const { id } = response.body as { id: string };
    const bad = await admin.client.get(`/integrations/${shop}/imports/${id}/rows?cursor=eA`);
    expectProblem(bad, 400, 'VALIDATION_FAILED');
  });

  it('has its name made harmless [V5.3.2]', async () => {
    for (const [name, shown] of [
      ['../../etc/passwd.xlsx', 'passwd.xlsx'],
      ['C:\\\\Users\\\\sri\\\\Laporan Mei.XLSX', 'Laporan Mei.xlsx'],
      ['.xlsx', 'workbook.xlsx'],
      ['a<script>|b?.xlsx', 'ascriptb.xlsx'],
      [`${'n'.repeat(300)}.xlsx`, `${'n'.repeat(145)}.xlsx`],
    ] as const) {
      const response = await upload(aWorkbook([['a']]), { name });
      expect([name, response.status, (response.body as { fileName: string }).fileName]).toEqual([
        name,
        201,
        shown,
      ]);
    }
  });

  it('is listed, and deleted by who uploaded it or an administrator', async () => {
    const user = await aSignedInUser(test, { organizationId: admin.organizationId });
    const other = await aSignedInUser(test, { organizationId: admin.organizationId });
    const { id } = (await upload(aWorkbook([['a']]), { client: user.client })).body as { id: string };
    const path = `/integrations/${shop}/imports/${id}`;
    expect(pageOf(await other.client.get(`/integrations/${shop}/imports?limit=1`)).items).toMatchObject([
      { id },
    ]);
    expectProblem(await other.client.delete(path), 403, 'FORBIDDEN');
    const stranger = await aSignedInAdmin(test);
    for (const each of [path, `${path}/rows`, `${path}/file`, `/integrations/${shop}/imports`])
      expectProblem(await stranger.client.get(each), 404, 'NOT_FOUND');
    expectProblem(await stranger.client.delete(path), 404, 'NOT_FOUND');
    expectProblem(await upload(aWorkbook([['a']]), { client: stranger.client }), 404, 'NOT_FOUND');
    expect((await user.client.delete(path)).status).toBe(204);
    expectProblem(await user.client.get(path), 404, 'NOT_FOUND');
    expect(await test.database.client.importPart.count({ where: { importId: id } })).toBe(0);
    const again = (await upload(aWorkbook([['a']]), { client: user.client })).body as { id: string };
    expect((await admin.client.delete(`/integrations/${shop}/imports/${again.id}`)).status).toBe(204);
  });
});

const RELATION = (type: string, target: string, more = '') =>
  `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/${type}" Target="${target}" ${more}/></Relationships>`;
const SHEET_XML = (rows: string, head = '') =>
  `<?xml version="1.0" encoding="UTF-8"?>${head}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${rows}</sheetData></worksheet>`;
const sheet = (rows: string, head = '') =>
  alteredWorkbook({ 'xl/worksheets/sheet1.xml': SHEET_XML(rows, head) });
const AB = textRow(1, ['a', 'b']);
const good = workbookParts({ Orders: textRow(1, ['a']) });
const withEntry = (entry: ZipEntry) => zip([...good, entry]);
const LAUGHS = Array.from(
  { length: 9 },
  (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`,
).join('');

const MANY_PARTS = Array.from({ length: 3000 }, (_, index) => ({
  name: `p${index}.xml`,
  content: '<a/>',
  isStored: true,
}));
/** What a workbook remembers of another one. */
const CACHED_VALUES =
  '<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><externalBook><sheetNames><sheetName val="A"/></sheetNames><sheetDataSet><sheetData sheetId="0"><row r="1"><cell r="A1"><v>5</v></cell></row></sheetData></sheetDataSet></externalBook></externalLink>';

/** The name of a part in UTF-8, beside the one in its header (APPNOTE 6.3.10 §4.6.9). */
const unicodePath = (name: string, unicode: string) => {
  const head = Buffer.from([1, 0, 0, 0, 0]);
  head.writeUInt32LE(crc32(name), 1);
  return extraRecord(0x7075, Buffer.concat([head, Buffer.from(unicode)]));
};
const LARGE_SIZES = extraRecord(1, Buffer.alloc(16, 7));
/** What Info-ZIP and 7-Zip write: times, owners; and the room that Office and .NET leave. */
const TIMES = Buffer.concat([
  extraRecord(0x5455, '\x03'.padEnd(9, 't')),
  extraRecord(0x7875, '\x01'.padEnd(11, 'u')),
]);
const NTFS_TIMES = extraRecord(0x000a, Buffer.alloc(32, 1));
const growth = (bytes: number) =>
  extraRecord(0xa220, Buffer.concat([Buffer.from('28a00002', 'hex'), Buffer.alloc(bytes)]));

/** What is refused, why, and the file. */
const REFUSED: [string, string, () => Buffer | string][] = [
  ['text with another name', 'not_a_workbook', () => 'just,text\n1,2'],
  ['an executable', 'not_a_workbook', () => Buffer.from('MZ\x90\x00'.padEnd(400, '\0'), 'latin1')],
  ['an ELF executable', 'not_a_workbook', () => Buffer.from('\x7fELF'.padEnd(400, '\0'), 'latin1')],
  [
    'an old .xls',
    'old_or_protected',
    () => Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600)]),
  ],
  ['a PDF', 'not_a_workbook', () => '%PDF-1.7 …'],
  ['an empty file', 'not_a_workbook', () => ''],
  ['a plain zip', 'not_a_workbook', () => zip([{ name: 'a.xml', content: '<a/>' }])],
  ['gzip', 'not_a_workbook', () => gzipSync('x')],
  ['a zip behind a script', 'not_a_workbook', () => Buffer.concat([Buffer.from('#!/bin/sh\n'), zip(good)])],
  ['a zip with something behind it', 'damaged', () => Buffer.concat([zip(good), Buffer.from('<script>')])],
  ['a zip with a comment', 'damaged', () => zip(good, { comment: '<script>alert(1)</script>' })],
  ['a cut zip', 'damaged', () => zip(good).subarray(0, -40)],
  ['nothing but the end of a zip', 'not_a_workbook', () => zip([])],
  [
    'a document of Word',
    'not_a_workbook',
    () =>
      alteredWorkbook({
        '[Content_Types].xml':
          '<Types><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
      }),
  ],
  [
    'macros by their type',
    'macros',
    () =>
      alteredWorkbook({
        '[Content_Types].xml':
          '<Types><Override PartName="/xl/workbook.xml" ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/></Types>',
      }),
  ],
  ['macros by their part', 'macros', () => alteredWorkbook({ 'xl/vbaProject.bin': 'x' })],
  ['macros of Excel 4', 'macros', () => alteredWorkbook({ 'xl/macrosheets/sheet1.xml': '<a/>' })],
  [
    'external links',
    'external_links',
    () => alteredWorkbook({ 'xl/externalLinks/externalLink1.xml': '<a/>' }),
  ],
  ['data connections', 'external_links', () => alteredWorkbook({ 'xl/connections.xml': '<a/>' })],
  [
    'a picture from elsewhere',
    'external_links',
    () =>
      alteredWorkbook({
        'xl/worksheets/_rels/sheet1.xml.rels': RELATION(
          'image',
          'http://127.0.0.1/x',
          'TargetMode="External"',
        ),
      }),
  ],
  ['embedded objects', 'embedded_objects', () => alteredWorkbook({ 'xl/embeddings/oleObject1.bin': 'x' })],
  ['controls', 'embedded_objects', () => alteredWorkbook({ 'xl/activeX/activeX1.xml': '<a/>' })],
  ['a program inside', 'embedded_objects', () => alteredWorkbook({ 'xl/setup.exe': 'MZ' })],
  ['a zip inside', 'embedded_objects', () => alteredWorkbook({ 'xl/more.zip': zip(good) })],
  [
    'entities that grow',
    'dangerous_xml',
    () => sheet(textRow(1, ['&l9;']), `<!DOCTYPE lolz [<!ENTITY l0 "lol">${LAUGHS}]>`),
  ],
  [
    'an entity from a file',
    'dangerous_xml',
    () => sheet(textRow(1, ['&x;']), '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
  ],
  [
    'a document type in a part that is not read',
    'dangerous_xml',
    () => alteredWorkbook({ 'docProps/core.xml': '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><x/>' }),
  ],
  ...[
    ['comments', '<!--' + 'x'.repeat(9000) + '-->'],
    ['white space', ' '.repeat(9000)],
    ['a root', '<a>' + 'x'.repeat(200_000) + '</a>'],
  ].map(
    ([what, before]) =>
      [
        `a document type behind ${what} in a part that is not read [F-10]`,
        'dangerous_xml',
        () =>
          alteredWorkbook({
            'docProps/core.xml': `${before}<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><x/>`,
          }),
      ] as [string, string, () => Buffer],
  ),
  [
    'a document type in a part with another name [F-10]',
    'dangerous_xml',
    () => alteredWorkbook({ 'xl/media/image1.png': '<!DOCTYPE x><svg/>' }),
  ],
  [
    'XML in UTF-7 [F-10]',
    'dangerous_xml',
    () =>
      alteredWorkbook({ 'docProps/app.xml': '<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE x+AD4-' }),
  ],
  [
    'a document type in UTF-16',
    'dangerous_xml',
    () => alteredWorkbook({ 'docProps/app.xml': Buffer.from('\ufeff<!DOCTYPE x><x/>', 'utf16le') }),
  ],
  ['an entity nobody declared', 'damaged', () => sheet(textRow(1, ['&x;']))],
  ['broken XML', 'damaged', () => sheet('<row r="1"><c></row>')],
  [
    'cut XML',
    'damaged',
    () => alteredWorkbook({ 'xl/worksheets/sheet1.xml': SHEET_XML(textRow(1, ['a'])).slice(0, -30) }),
  ],
  [
    'another encoding',
    'damaged',
    () => alteredWorkbook({ 'xl/worksheets/sheet1.xml': Buffer.from(SHEET_XML('<row r="1"/>'), 'utf16le') }),
  ],
  [
    'bytes that are no UTF-8',
    'damaged',
    () =>
      alteredWorkbook({ 'xl/worksheets/sheet1.xml': Buffer.from(SHEET_XML(textRow(1, ['\xff'])), 'latin1') }),
  ],
  ['a missing sheet', 'damaged', () => alteredWorkbook({ 'xl/worksheets/sheet1.xml': null })],
  [
    'a sheet outside',
    'damaged',
    () =>
      alteredWorkbook({
        'xl/_rels/workbook.xml.rels': RELATION('worksheet', '../../../etc/passwd').replace('"r1"', '"rId1"'),
      }),
  ],
  ['a path that climbs', 'damaged', () => withEntry({ name: '../evil.xml', content: '<a/>' })],
  ['an absolute path', 'damaged', () => withEntry({ name: '/etc/evil.xml', content: '<a/>' })],
  ['a path with a drive', 'damaged', () => withEntry({ name: 'C:/evil.xml', content: '<a/>' })],
  ['a path with backslashes', 'damaged', () => withEntry({ name: '..\\evil.xml', content: '<a/>' })],
  ['a name twice', 'damaged', () => withEntry({ name: 'XL/Workbook.xml', content: '<a/>' })],
  [
    'two names for one part',
    'damaged',
    () => withEntry({ name: 'a.xml', localName: 'b.xml', content: '<a/>' }),
  ],
  ['encryption', 'old_or_protected', () => withEntry({ name: 'a.xml', content: '<a/>', flags: 0x801 })],
  ['parts that overlap', 'bomb', () => withEntry({ name: 'a.xml', content: '<a/>', claimedOffset: 0 })],
  [
    'a part that grows a thousandfold',
    'bomb',
    () => alteredWorkbook({ 'xl/media/image1.png': Buffer.alloc(20_000_000) }),
  ],
  [
    'parts that are large together',
    'bomb',
    () =>
      zip([
        ...good,
        ...Array.from({ length: 60 }, (_, index) => ({
          name: `xl/media/image${index}.png`,
          content: Buffer.alloc(1_000_000),
        })),
      ]),
  ],
  [
    'a part larger than it says',
    'damaged',
    () =>
      zip(
        good.map((entry) =>
          entry.name.includes('sheet1')
            ? { ...entry, content: SHEET_XML(textRow(1, ['x'.repeat(900_000)])), claimedSize: 500 }
            : entry,
        ),
      ),
  ],
  [
    'too many parts',
    'bomb',
    () =>
      zip([
        ...good,
        ...Array.from({ length: 2000 }, (_, index) => ({
          name: `p${index}.xml`,
          content: '<a/>',
          isStored: true,
        })),
      ]),
  ],
  ['fewer entries than it has [F-10]', 'damaged', () => zip([...good, ...MANY_PARTS], { entryCount: 10 })],
  ['two archives one after the other [F-10]', 'damaged', () => Buffer.concat([zip(good), zip(good)])],
  [
    'two archives one after the other, with an honest directory [F-10]',
    'damaged',
    () => zip(good, { before: zip(good) }),
  ],
  [
    'nine megabytes between the last part and the directory [F-10]',
    'damaged',
    () => zip(good, { behindParts: Buffer.alloc(9_000_000, 'x') }),
  ],
  [
    'something between two parts [F-10]',
    'damaged',
    () => zip([{ ...good[0]!, trailing: '<script>' }, ...good.slice(1)]),
  ],
  [
    'something behind the end of a packed part [F-10]',
    'damaged',
    () => withEntry({ name: 'docProps/core.xml', content: '<a/>', behindData: Buffer.alloc(5000, 'x') }),
  ],
  [
    'a header that says another checksum than the directory [F-10]',
    'damaged',
    () => withEntry({ name: 'docProps/core.xml', content: '<a/>', localCrc32: 7 }),
  ],
  [
    'a wrong checksum in a part that is read [F-39]',
    'damaged',
    () => zip(good.map((entry) => (entry.name.includes('sheet1') ? { ...entry, crc32: 7 } : entry))),
  ],
  [
    'a wrong checksum in a part that is not read [F-39]',
    'damaged',
    () => withEntry({ name: 'xl/media/image1.png', content: 'x', isStored: true, crc32: 7 }),
  ],
  [
    'macros by their relation',
    'macros',
    () =>
      alteredWorkbook({
        'a/_rels/b.xml.rels': RELATION('vbaProject', '/x/y.dat'),
        'x/y.dat': 'x',
      }),
  ],
  [
    'a program with another name',
    'embedded_objects',
    () => alteredWorkbook({ 'xl/media/image1.png': 'MZ\x90\x00' }),
  ],
  [
    'a DDE link',
    'external_links',
    () =>
      alteredWorkbook({
        'xl/externalLinks/externalLink1.xml':
          '<externalLink><ddeLink ddeService="cmd" ddeTopic="/c calc"/></externalLink>',
      }),
  ],
  [
    'a link to another workbook that would be followed',
    'external_links',
    () =>
      alteredWorkbook({
        'xl/externalLinks/externalLink1.xml': CACHED_VALUES,
        'xl/externalLinks/_rels/externalLink1.xml.rels': RELATION(
          'externalLinkPath',
          'Book2.xlsx',
          'TargetMode="External"',
        ),
      }),
  ],
  ['more entries than it has', 'damaged', () => zip(good, { entryCount: good.length + 5 })],
  ['too many sheets', 'too_many_sheets', () => zip(workbookParts({ A: '', B: '', C: '', D: '' }))],
  ['too many rows', 'too_many_rows', () => sheet('<row r="3001"><c><v>1</v></c></row>')],
  [
    'too many rows, the last of them far away',
    'too_many_rows',
    () => sheet('<row r="1048576"><c t="str"><v>x</v></c></row>'),
  ],
  ['too many columns', 'too_many_columns', () => sheet('<row r="1"><c r="AE1"><v>1</v></c></row>')],
  [
    'too many cells',
    'too_many_cells',
    () =>
      sheet(
        Array.from(
          { length: 1000 },
          (_, index) => `<row r="${index + 1}">${'<c><v>1</v></c>'.repeat(21)}</row>`,
        ).join(''),
      ),
  ],
  [
    'too many texts',
    'too_many_strings',
    () => zip(workbookParts({ A: '' }, Array(1001).fill('<t>x</t>') as string[])),
  ],
  [
    'text of all cells together',
    'too_much_text',
    () =>
      zip(
        workbookParts(
          {
            A: Array.from(
              { length: 500 },
              (_, index) => `<row r="${index + 1}">${'<c t="s"><v>0</v></c>'.repeat(10)}</row>`,
            ).join(''),
          },
          [`<t>${'x'.repeat(2000)}</t>`],
        ),
      ),
  ],
  [
    'rows that take too much room [F-6]',
    'too_much_to_store',
    () => aWorkbook(Array.from({ length: 1000 }, () => [randomBytes(900).toString('hex')])),
  ],
  ['a long cell', 'cell_too_long', () => sheet(textRow(5, ['a', 'x'.repeat(2001)]))],
  ...(
    [
      ['free text instead of an extra field', { localExtra: Buffer.from('hidden data in extra') }],
      ['an extra field of the directory that is cut short', { extra: Buffer.from('0100ff', 'hex') }],
      ['bytes behind the last record of an extra field', { localExtra: Buffer.from('55540000ff', 'hex') }],
      ['a large extra field', { localExtra: extraRecord(0x4242, 'x'.repeat(60_000)) }],
      ['a large extra field of the directory', { extra: extraRecord(0x4242, 'x'.repeat(300)) }],
      [
        'text in the room for growth',
        { localExtra: extraRecord(0xa220, `\x28\xa0\0\x02${'x'.repeat(500)}`) },
      ],
      ['a large comment', { comment: 'x'.repeat(300) }],
      ['another name in an extra field', { extra: unicodePath('docProps/core.xml', 'docProps/evil.xml') }],
      [
        'another name in the extra field of its header',
        { localExtra: unicodePath('a', 'docProps/evil.xml') },
      ],
      ['other sizes in the extra field of its header', { localExtra: LARGE_SIZES, claimsZip64: true }],
      ['a descriptor that is announced and not there', { flags: 0x808 }],
      ['a name of 1,025 bytes', { name: `docProps/${'x'.repeat(1012)}.xml` }],
    ] as const
  ).map(
    ([what, more]) =>
      [
        `${what} [F-10]`,
        'damaged',
        () => withEntry({ name: 'docProps/core.xml', content: '<a/>', ...more }),
      ] as [string, string, () => Buffer],
  ),
  [
    'little beside each of many parts, much together [F-10]',
    'damaged',
    () =>
      zip([
        ...good,
        ...Array.from({ length: 1900 }, (_, index) => ({
          name: `p${index}.xml`,
          content: '<a/>',
          isStored: true,
          localExtra: extraRecord(0x4242, 'x'.repeat(200)),
        })),
      ]),
  ],
  ...['A7', 'A', '1', 'A01', 'a1', '$A$1', 'A1:B1', 'XFE1', 'ZZZZZZ1', ''].map(
    (reference) =>
      [
        `a cell "${reference}" in row 1 [F-13]`,
        'damaged',
        () => sheet(`<row r="1"><c r="${reference}"><v>1</v></c></row>`),
      ] as [string, string, () => Buffer],
  ),
  [
    'a cell of row 7 in a row without a number [F-13]',
    'damaged',
    () => sheet('<row><c r="A7"><v>1</v></c></row>'),
  ],
  ['a cell outside of its row [F-13]', 'damaged', () => sheet(`${AB}<c r="C1"><v>1</v></c>`)],
  [
    'a row inside another one [F-13]',
    'damaged',
    () => sheet('<row r="1"><c r="A1"><v>1</v></c><row r="2"/></row>'),
  ],
  ['rows out of order', 'damaged', () => sheet('<row r="2"/><row r="1"/>')],
  ['cells out of order', 'damaged', () => sheet('<row r="1"><c r="B1"/><c r="A1"/></row>')],
  ['a row of number 1e400', 'damaged', () => sheet('<row r="1e400"/>')],
];

/** What real programs write, and what it is. */
const READ: [string, () => Buffer][] = [
  [
    'core properties as .NET names them',
    () => alteredWorkbook({ 'package/services/metadata/core-properties/1f3a.psmdcp': '<coreProperties/>' }),
  ],
  [
    'the type of the workbook by its extension alone',
    () =>
      alteredWorkbook({
        '[Content_Types].xml':
          '<Types><Default Extension="xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
      }),
  ],
  ['an empty row at the very end', () => sheet(`${AB}<row r="1048576" ht="15"/>`)],
  ['a painted row at the very end', () => sheet(`${AB}<row r="1048576"><c r="A1048576" s="1"/></row>`)],
  [
    'painted cells up to the last column',
    () =>
      sheet(
        `${AB}<row r="2">${Array.from({ length: 600 }, () => '<c s="1"/>').join('')}<c r="XFD2" s="1"/></row>`,
      ),
  ],
  ['metadata of Google without an extension', () => alteredWorkbook({ 'xl/metadata': '{"a":1}' })],
  [
    'backslashes in names',
    () =>
      zip(
        workbookParts({ Orders: AB }).map((entry) => ({ ...entry, name: entry.name.replaceAll('/', '\\') })),
      ),
  ],
  [
    'backslashes in relations',
    () =>
      alteredWorkbook({
        'xl/_rels/workbook.xml.rels': RELATION('worksheet', 'worksheets\\sheet1.xml').replace(
          '"r1"',
          '"rId1"',
        ),
      }),
  ],
  ...(
    [
      ['xl/customProperty1.bin', Buffer.from([1, 0, 2])],
      ['xl/media/image1.webp', 'RIFF'],
      ['xl/ctrlProps/ctrlProp1.xml', '<formControlPr objectType="CheckBox"/>'],
      ['[trash]/0000.dat', Buffer.alloc(300, 255)],
      ['.DS_Store', Buffer.from('0000000142756431', 'hex')],
      ['xl/', ''],
      ['customXml/item1.xml', '<a><![CDATA[<!DOCTYPE html>]]><!-- <!DOCTYPE x> --></a>'],
      ['xl/drawings/vmlDrawing1.vml', '<xml><v:shape><br></v:shape></xml>'],
      ['xl/externalLinks/externalLink1.xml', CACHED_VALUES],
    ] as const
  ).map(([name, content]): [string, () => Buffer] => [name, () => alteredWorkbook({ [name]: content })]),
  [
    'relations that climb out and lead nowhere',
    () =>
      alteredWorkbook({
        'xl/worksheets/_rels/sheet1.xml.rels': RELATION('customXml', '../../../../customXml/item1.xml'),
      }),
  ],
  [
    'parts in UTF-16',
    () =>
      alteredWorkbook({
        'xl/worksheets/sheet1.xml': Buffer.from(
          `\ufeff${SHEET_XML(AB).replace('UTF-8', 'UTF-16')}`,
          'utf16le',
        ),
        'xl/styles.xml': Buffer.from('\ufeff<styleSheet/>', 'utf16le').swap16(),
        'docProps/app.xml': Buffer.from('\ufeff<a/>', 'utf16le'),
      }),
  ],
  [
    'a sheet that is not there',
    () => {
      const parts = workbookParts({ Orders: AB, Gone: '' });
      return zip(parts.filter(({ name }) => !name.includes('sheet2')));
    },
  ],
  ['texts that are not there', () => alteredWorkbook({ 'xl/sharedStrings.xml': null })],
  ['a text that is not there', () => sheet(`${AB}<row r="2"><c t="s"><v>99</v></c></row>`)],
  ['a formula with another workbook', () => sheet(`${AB}<row r="2"><c><f>[1]A!A1</f><v>5</v></c></row>`)],
  [
    'times, owners and room for growth beside its parts',
    () =>
      zip(
        workbookParts({ Orders: AB }).map((entry, index) => ({
          ...entry,
          localExtra: Buffer.concat([TIMES, growth(index === 0 ? 8192 : 512)]),
          extra: index === 0 ? NTFS_TIMES : Buffer.concat([unicodePath(entry.name, entry.name), TIMES]),
          comment: 'ok',
        })),
      ),
  ],
  [
    'sizes of 8 bytes in its headers, known or not yet',
    () => {
      const [first, second, ...others] = workbookParts({ Orders: AB });
      const sizes = Buffer.alloc(16);
      sizes.writeBigUInt64LE(BigInt(Buffer.byteLength(first!.content)), 0);
      sizes.writeBigUInt64LE(BigInt(Buffer.byteLength(first!.content)), 8);
      return zip([
        { ...first!, isStored: true, claimsZip64: true, localExtra: extraRecord(1, sizes) },
        {
          ...second!,
          hasDescriptor: true,
          claimsZip64: true,
          localExtra: extraRecord(1, Buffer.alloc(16, 0xff)),
        },
        ...others,
      ]);
    },
  ],
  [
    'sizes that are announced behind a folder and not there',
    () => zip([{ name: 'xl/', content: '', isStored: true, flags: 8 }, ...workbookParts({ Orders: AB })]),
  ],
  [
    'rows without numbers and cells with them',
    () => sheet('<row><c r="A1" t="str"><v>a</v></c><c r="B1" t="str"><v>b</v></c></row>'),
  ],
  [
    'sizes behind the data',
    () => zip(workbookParts({ Orders: AB }).map((entry) => ({ ...entry, hasDescriptor: true }))),
  ],
];

describe('a workbook of a real program', () => {
  it.each(READ)('with %s is read [F-13]', async (_what, make) => {
    const response = await upload(make());
    expect(response.body).toMatchObject({ status: 'READY' });
    expect((await rowsOf(response)).items[0]).toEqual({ sheet: 'Orders', row: 1, cells: ['a', 'b'] });
    const { sheets } = response.body as { sheets: { columns: number }[] };
    expect(sheets[0]!.columns).toBe(2);
  });
});

describe('a file that is no plain workbook', () => {
  it.each(REFUSED)(
    '%s is refused as %s, and nothing stays [L-S3] [L-7] [V5.2.2]',
    async (_what, reason, make) => {
      const before = await kept();
      const response = await upload(make());
      expectProblem(response, 422, 'FILE_REFUSED');
      expect(response.body).toMatchObject({ reason, detail: expect.stringMatching(/^[A-Z].*\.$/) });
      expect(await kept()).toEqual(before);
    },
  );

  it('says in which part the fault is [F-13]', async () => {
    for (const [part, content] of [
      ['xl/vbaProject.bin', 'x'],
      ['xl/embeddings/oleObject1.bin', 'x'],
      ['xl/activeX/activeX1.xml', '<a/>'],
      ['xl/connections.xml', '<a/>'],
      ['docProps/core.xml', '<!DOCTYPE x><x/>'],
      ['xl/styles.xml', '<styleSheet>'],
      ['xl/setup.exe', 'x'],
    ] as const)
      expect((await upload(alteredWorkbook({ [part]: content }))).body.detail).toContain(part);
  });

  it('says in which cell the fault is [F-13]', async () => {
    for (const [reference, row] of [
      ['A7', 1],
      ['A', 3],
    ] as const)
      expect(
        (await upload(sheet(`<row r="${row}"><c r="${reference}"><v>1</v></c></row>`))).body.detail,
      ).toBe(
        `The workbook is damaged: in row ${row} of sheet "Orders" stands a cell that calls itself "${reference}".`,
      );
    const response = await upload(sheet(textRow(5, ['a', 'x'.repeat(2001)])));
    expect(response.body.detail).toBe('Sheet "Orders": cell B5 is longer than 2000 characters.');
  });

  it('is refused by its name and by what it calls itself', async () => {
    const content = aWorkbook([['a']]);
    for (const name of ['a.xls', 'a.xlsm', 'a.csv', 'a.xlsx.exe', 'xlsx', 'a.xlsx ;.txt'])
      expect((await upload(content, { name })).body).toMatchObject({
        code: 'FILE_REFUSED',
        reason: 'wrong_extension',
      });
    for (const type of ['text/plain', 'text/html', 'application/vnd.ms-excel', 'image/png'])
      expect((await upload(content, { type })).body).toMatchObject({
        code: 'FILE_REFUSED',
        reason: 'wrong_type',
      });
    expect((await upload(content, { type: 'application/octet-stream' })).status).toBe(201);
  });

  it('never breaks the service, whatever bytes are changed', async () => {
    const file = zip(
      workbookParts({ Orders: textRow(1, ['a', 'b']) + textRow(2, ['c', 'd']) }, ['<t>x</t>']),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async (changes) => {
          const altered = Buffer.from(file);
          for (const [index, value] of changes) altered[index] = value;
          const response = await upload(altered);
          expect([201, 422]).toContain(response.status);
        },
      ),
      { numRuns: 15 },
    );
    expect((await admin.client.get('/health/ready')).status).toBe(200);
    expect(test.logLines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });
});

describe('a form', () => {
  const file = aWorkbook([['a']]);
  const part = (more: Partial<Part> = {}): Part => ({ name: 'a.xlsx', content: file, ...more });

  it.each<[string, () => Promise<Response>, number, string]>([
    [
      'without a boundary',
      () => send(form([part()]), admin.client, 'multipart/form-data; x=y'),
      400,
      'MALFORMED_BODY',
    ],
    ['that is cut', () => send(form([part()]).subarray(0, 900)), 400, 'MALFORMED_BODY'],
    ['that is empty', () => send(Buffer.alloc(0)), 400, 'MALFORMED_BODY'],
    ['without a part', () => send(Buffer.from(`--${BOUNDARY}--\r\n`)), 400, 'VALIDATION_FAILED'],
    ['with two files', () => send(form([part(), part()])), 400, 'VALIDATION_FAILED'],
    [
      'with a field beside the file',
      () => send(form([part(), { field: 'x', content: '1' }])),
      400,
      'VALIDATION_FAILED',
    ],
    [
      'with a field instead of a file',
      () => send(form([{ field: 'file', content: '1' }])),
      400,
      'VALIDATION_FAILED',
    ],
    ['with another name', () => send(form([part({ field: 'upload' })])), 400, 'VALIDATION_FAILED'],
    ['with a reserved name', () => send(form([part({ field: '__proto__' })])), 400, 'VALIDATION_FAILED'],
    [
      'with 10,000 parts',
      () => send(form(Array.from({ length: 10_000 }, () => ({ field: 'x', content: '1' })))),
      400,
      'VALIDATION_FAILED',
    ],
    [
      'with a part that has no name [F-1]',
      () => send(Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; filename="a"\r\n\r\nx\r\n`)),
      400,
      'MALFORMED_BODY',
    ],
    [
      'with a file that has no name [F-1]',
      () =>
        send(
          Buffer.from(
            `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"\r\n` +
              `Content-Type: application/octet-stream\r\n\r\nx\r\n--${BOUNDARY}--\r\n`,
          ),
        ),
      400,
      'VALIDATION_FAILED',
    ],
    ['with an empty file name', () => send(form([part({ name: '' })])), 422, 'FILE_REFUSED'],
    [
      'sent as JSON',
      () => send(Buffer.from('{}'), admin.client, 'application/json'),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['sent as bytes', () => send(file, admin.client, XLSX), 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ])('%s is refused', async (_what, call, status, code) => {
    const before = await kept();
    expectProblem(await call(), status, code);
    expect(await kept()).toEqual(before);
  });

  it('to a route that reads JSON is refused', async () => {
    const response = await admin.client.post('/integrations', form([part()]), {
      'Content-Type': FORM_TYPE,
    });
    expectProblem(response, 415, 'UNSUPPORTED_MEDIA_TYPE');
  });

  it('with more than 10 MiB is refused, announced or not', async () => {
    const large = Buffer.alloc(10 * 1024 * 1024 + 1, 'x');
    expectProblem(await upload(large), 413, 'PAYLOAD_TOO_LARGE');
    const exact = await upload(large.subarray(1));
    expect(exact.body).toMatchObject({ reason: 'not_a_workbook' });
    const answer = await rawUpload(async (write) => {
      await write(form([part({ content: '' })]).subarray(0, -60 + 0));
      for (let sent = 0; sent < 11; sent += 1) await write(Buffer.alloc(1024 * 1024, 'x'));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 4(13|00)/);
  });

  it('that its sender gives up leaves nothing, and the service goes on', async () => {
    const before = {
      ...(await kept()),
      files: readdirSync(tmpdir()).filter((name) => /upload|multipart/i.test(name)),
    };
    for (let count = 0; count < 5; count += 1) {
      await rawUpload(async (write, abort) => {
        await write(form([part()]).subarray(0, 300));
        abort();
      });
    }
    await delay(100);
    expect({
      ...(await kept()),
      files: readdirSync(tmpdir()).filter((name) => /upload|multipart/i.test(name)),
    }).toEqual(before);
    expect((await upload(file)).status).toBe(201);
  });

  /** Sends a form in pieces, chunked; gives the answer, or what came of it. */
  async function rawUpload(
    work: (write: (bytes: Buffer) => Promise<void>, abort: () => void) => Promise<void>,
  ): Promise<string> {
    const { port } = new URL(test.url);
    const socket = connect(Number(port), '127.0.0.1');
    let answer = '';
    socket.on('data', (bytes) => (answer += bytes.toString()));
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.write(
      `POST /integrations/${shop}/imports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${admin.client.accessToken}\r\n` +
        `Content-Type: multipart/form-data; boundary=${BOUNDARY}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`,
    );
    const write = async (bytes: Buffer) => {
      if (socket.destroyed) return;
      socket.write(`${bytes.length.toString(16)}\r\n`);
      socket.write(bytes);
      await new Promise<void>((resolve) => {
        if (socket.destroyed || !socket.writable) resolve();
        else socket.write('\r\n', () => resolve());
      });
    };
    await work(write, () => socket.destroy());
    if (!socket.destroyed) socket.end('0\r\n\r\n');
    await Promise.race([closed, delay(5000, undefined, { ref: false })]);
    socket.destroy();
    return answer;
  }
});

describe('reading a workbook', () => {
  it('is ended when it takes too much memory or time, and the next one is read', async () => {
    const strings = Array.from({ length: 100_000 }, (_, index) => {
      const text = createHash('sha256').update(String(index)).digest('hex');
      return `<t>${text.repeat(6)}</t>`;
    });
    const rows = strings.map((_, index) => `<row r="${index + 1}"><c t="s"><v>${index}</v></c></row>`);
    const large = zip(workbookParts({ Orders: rows.join('') }, strings));
    const limits = { IMPORT_MAX_ROWS: '500000', IMPORT_MAX_INFLATED_MIB: '400' };
    const keep = jest.fn(async (_workbook: ParsedWorkbook) => undefined);
    const small = new WorkbookParser(testConfig({ ...limits, IMPORT_MEMORY_MIB: '32' }));
    await expect(small.parse(large, keep)).rejects.toMatchObject({ reason: 'needs_too_much_memory' });
    const slow = new WorkbookParser(testConfig({ ...limits, IMPORT_TIMEOUT_SECONDS: '1' }));
    const long = aLongWorkbook(400_000);
    await expect(slow.parse(long, keep)).rejects.toMatchObject({ reason: 'takes_too_long' });
    expect(keep).not.toHaveBeenCalled();
    await small.parse(aWorkbook([['a']]), keep);
    expect(keep.mock.calls[0]![0].sheets).toEqual([{ name: 'Orders', rows: 1, columns: 1 }]);
  });

  it('that takes too long is answered before it is done; the row tells the rest', async () => {
    const parser = test.app.get(WorkbookParser);
    const parse = parser.parse.bind(parser);
    const patience = jest.replaceProperty(
      test.app.get<{ answerAfterMs: number }>(ImportsService),
      'answerAfterMs',
      50,
    );
    jest.spyOn(parser, 'parse').mockImplementation(async (file, keep) => {
      await delay(1000);
      return parse(file, keep);
    });
    const [fine, wrong] = await Promise.all([
      upload(aWorkbook([['late']])),
      upload(aWorkbook([['x'.repeat(3000)]])),
    ]);
    patience.restore();
    jest.restoreAllMocks();
    for (const response of [fine, wrong]) {
      expect(response.status).toBe(202);
      expect(response.body).toMatchObject({ status: 'PARSING', sheets: [] });
    }
    const early = await admin.client.get(`${fine.headers['location'] as string}/rows`);
    const at = async (response: Response) =>
      (await admin.client.get(response.headers['location'] as string)).body as { status: string };
    for (
      let tries = 0;
      tries < 100 && [await at(fine), await at(wrong)].some(({ status }) => status === 'PARSING');
      tries += 1
    )
      await delay(50);
    expectProblem(early, 409, 'CONFLICT');
    expect(await at(fine)).toMatchObject({
      status: 'READY',
      sheets: [{ name: 'Orders', rows: 1, columns: 1 }],
    });
    expect(await at(wrong)).toMatchObject({ status: 'REFUSED', refusal: expect.stringContaining('cell A1') });
    expectProblem(await admin.client.get(`${wrong.headers['location'] as string}/file`), 404, 'NOT_FOUND');
  });

  it('that a killed process left is ended, however young it is; one that is being read is not [F-8]', async () => {
    const { id } = (await upload(aWorkbook([['a']]))).body as { id: string };
    await test.database.client.import.updateMany({ where: { id }, data: { status: 'PARSING' } });
    const parser = test.app.get(WorkbookParser);
    const parse = parser.parse.bind(parser);
    jest.spyOn(parser, 'parse').mockImplementation(async (file, keep) => {
      await test.app.get(Jobs).runNow('interrupted imports');
      return parse(file, keep);
    });
    expect((await upload(aWorkbook([['b']]))).status).toBe(201);
    jest.restoreAllMocks();
    expect((await admin.client.get(`/integrations/${shop}/imports/${id}`)).body).toMatchObject({
      status: 'REFUSED',
      refusal: 'Reading was interrupted. Upload the file again.',
    });
    expect(await test.database.client.importPart.count({ where: { importId: id } })).toBe(0);
  });

  it('that fails in the database keeps nothing', async () => {
    const parser = test.app.get(WorkbookParser);
    const parse = parser.parse.bind(parser);
    jest.spyOn(parser, 'parse').mockImplementation(async (file, keep) => {
      await parse(file, keep);
      throw new Error('the database is gone');
    });
    const before = await kept();
    expectProblem(await upload(aWorkbook([['a']])), 500, 'INTERNAL');
    jest.restoreAllMocks();
    expect(await kept()).toEqual(before);
    test.logLines.length = 0;
  });
});

describe('with the limits as they are', () => {
  const QUOTA_BYTES = 5_000_000;
  let roomy: TestApp;
  beforeAll(async () => {
    roomy = await startTestApp({
      environment: { ...MEMORY_COUNTERS, IMPORT_QUOTA_BYTES: String(QUOTA_BYTES) },
    });
  });
  afterAll(() => roomy.close());

  /** Somebody of a new organization, with an integration to upload to. */
  const aPerson = async () => {
    const { client } = await aSignedInAdmin(roomy);
    const created = await client.post('/integrations', { provider: 'CUSTOM', label: 'x' });
    const path = `/integrations/${(created.body as { id: string }).id}/imports`;
    const put = (content: Buffer) =>
      client.post(path, form([{ name: 'a.xlsx', content }]), { 'Content-Type': FORM_TYPE });
    return { client, path, put };
  };
  interface Outcome {
    id: string;
    status: string;
    refusal?: string;
    detail?: string;
    storedBytes: number;
  }
  const idOf = (response: Response) => (response.body as { id: string }).id;
  /** The import when it has been read, or the problem. */
  const outcomeOf = async (client: TestClient, response: Response): Promise<Outcome> => {
    let body = response.body as Outcome;
    for (let tries = 0; tries < 600 && body.status === 'PARSING'; tries += 1) {
      await delay(50);
      body = (await client.get(response.headers['location'] as string)).body as Outcome;
    }
    return body;
  };
  /** What rows and texts take in the database, as they are there. */
  const storedBytes = async (id: string) => {
    const [row] = await roomy.database.client.$queryRaw<{ bytes: bigint }[]>`
      SELECT (SELECT coalesce(sum(octet_length(rows)), 0) FROM benteng.import_chunks WHERE import_id = ${id}::uuid)
           + (SELECT coalesce(sum(octet_length(content)), 0) FROM benteng.import_texts WHERE import_id = ${id}::uuid)
           + (SELECT coalesce(sum(octet_length(content)), 0) FROM benteng.import_parts WHERE import_id = ${id}::uuid)
           AS bytes`;
    return Number(row!.bytes);
  };
  /** One text of 32,000 characters in every cell. */
  const sameText = (rows: number, columns: number) =>
    zip(
      workbookParts(
        {
          Orders: Array.from(
            { length: rows },
            (_, index) => `<row r="${index + 1}">${'<c t="s"><v>0</v></c>'.repeat(columns)}</row>`,
          ).join(''),
        },
        [`<t>${'x'.repeat(32_000)}</t>`],
      ),
    );

  it('uploads are ten a minute for each person [L-S4]', async () => {
    const { put } = await aPerson();
    for (let count = 0; count < 10; count += 1) expect((await put(aWorkbook([['a']]))).status).toBe(201);
    expectProblem(await put(aWorkbook([['a']])), 429, 'RATE_LIMITED');
  });

  it('one cell in each row, far to the right, takes the room of one cell [F-6]', async () => {
    const { client, put } = await aPerson();
    const rows = Array.from(
      { length: 20_000 },
      (_, index) => `<row r="${index + 1}"><c r="SF${index + 1}"><v>${index}</v></c></row>`,
    );
    const file = zip(workbookParts({ Orders: rows.join('') }));
    const response = await put(file);
    expect(response.body).toMatchObject({ sheets: [{ name: 'Orders', rows: 20_000, columns: 500 }] });
    expect(await storedBytes(idOf(response))).toBeLessThan(4 * file.length);
    const page = pageOf(await client.get(`${response.headers['location'] as string}/rows?limit=1`));
    expect(page.items).toEqual([{ sheet: 'Orders', row: 1, cells: [...Array<string>(499).fill(''), '0'] }]);
  });

  it('what is stored counts for the quota, to the byte, with uploads side by side [F-6]', async () => {
    const { client, path, put } = await aPerson();
    const file = aWorkbook(Array.from({ length: 1000 }, () => [randomBytes(600).toString('base64')]));
    const responses = await Promise.all(Array.from({ length: 9 }, () => put(file)));
    const outcomes = await Promise.all(responses.map((response) => outcomeOf(client, response)));
    const kept = outcomes.filter(({ status }) => status === 'READY');
    for (const outcome of outcomes)
      if (!kept.includes(outcome)) expect(outcome.refusal ?? outcome.detail).toMatch(/fill the room/);
    const { storedBytes: counted } = kept[0]!;
    expect(counted).toBeGreaterThan(QUOTA_BYTES / 3);
    expect(kept.length * counted).toBeLessThanOrEqual(QUOTA_BYTES);
    expect(await storedBytes(kept[0]!.id)).toBeGreaterThan(counted * 0.999);
    expect(await storedBytes(kept[0]!.id)).toBeLessThanOrEqual(counted);
    const listed = pageOf(await client.get(`${path}?limit=50`)).items as unknown as Outcome[];
    expect(listed.reduce((sum, each) => sum + each.storedBytes, 0)).toBe(kept.length * counted);
  });

  it('a text in many cells is kept once, and answers have at most about 2 MiB, also 16 at once [F-12]', async () => {
    const { client, put } = await aPerson();
    const file = sameText(100, 50);
    expect(file.length).toBeLessThan(30_000);
    const response = await put(file);
    expect(response.status).toBe(201);
    expect(await storedBytes(idOf(response))).toBeLessThan(100_000);
    const rows = `${response.headers['location'] as string}/rows`;
    const seen: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const answer = await client.get(`${rows}?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect(Buffer.byteLength(answer.text)).toBeLessThan(2.2 * 1024 * 1024);
      const page = pageOf(answer);
      expect(answer.headers['x-ended-early']).toBe(page.nextCursor === null ? undefined : 'size');
      for (const item of page.items as { row: number; cells: string[] }[]) {
        expect(item.cells).toHaveLength(50);
        expect(new Set(item.cells)).toEqual(new Set(['x'.repeat(32_000)]));
        seen.push(item.row);
      }
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    const before = process.memoryUsage().rss;
    const answers = await Promise.all(Array.from({ length: 16 }, () => client.get(`${rows}?limit=100`)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
  });

  it('30,000 cells with one long text take kilobytes [F-12]', async () => {
    const { put } = await aPerson();
    const response = await put(sameText(600, 50));
    expect(response.status).toBe(201);
    expect(await storedBytes(idOf(response))).toBeLessThan(200_000);
  });

  it('a row that is larger than an answer goes on in the next one [F-12]', async () => {
    const { client, put } = await aPerson();
    const response = await put(sameText(2, 300));
    const rows = `${response.headers['location'] as string}/rows?limit=10`;
    const found: Record<number, number> = {};
    let cursor: string | null = '';
    for (let pages = 0; cursor !== null && pages < 50; pages += 1) {
      const answer = await client.get(`${rows}${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect(Buffer.byteLength(answer.text)).toBeLessThan(2.2 * 1024 * 1024);
      const page = pageOf(answer);
      for (const item of page.items as { row: number; firstColumn?: number; cells: string[] }[]) {
        expect(item.firstColumn ?? 0).toBe(found[item.row] ?? 0);
        found[item.row] = (found[item.row] ?? 0) + item.cells.length;
      }
      cursor = page.nextCursor;
    }
    expect(found).toEqual({ 1: 300, 2: 300 });
  });

  it('a refused workbook leaves no row, dead or alive, however late its fault [F-12]', async () => {
    const { put } = await aPerson();
    const rows = Array.from({ length: 4000 }, (_, index) =>
      textRow(index + 1, [randomBytes(300).toString('hex')]),
    );
    const file = zip(workbookParts({ Orders: `${rows.join('')}<row r="1"/>` }));
    const size = async () => {
      const [row] = await roomy.database.client.$queryRaw<{ bytes: bigint }[]>`
        SELECT pg_total_relation_size('benteng.import_chunks') + pg_total_relation_size('benteng.import_parts') AS bytes`;
      return Number(row!.bytes);
    };
    const before = await size();
    expect((await put(file)).body).toMatchObject({ code: 'FILE_REFUSED', reason: 'damaged' });
    expect((await size()) - before).toBeLessThan(64 * 1024);
  });

  it('rows that version 0.1 kept are read as they are, in pages that stay small [F-12]', async () => {
    const { client, put } = await aPerson();
    const response = await put(aWorkbook([['a']]));
    const { id: importId } = response.body as { id: string };
    const { organizationId } = (await roomy.database.client.import.findFirst({ where: { id: importId } }))!;
    await roomy.database.client.importChunk.deleteMany({ where: { organizationId, importId } });
    const old = [
      [2, ['Ibu Sri', '', '12.5']],
      [9, Array.from({ length: 100 }, () => 'é'.repeat(32_000))],
    ];
    await roomy.database.client.importChunk.create({
      data: {
        id: randomUUID(),
        organizationId,
        importId,
        sheet: 0,
        firstRow: 2,
        lastRow: 9,
        rows: JSON.stringify(old),
      },
    });
    const rows = `${response.headers['location'] as string}/rows`;
    const first = await client.get(rows);
    expect(first.headers['x-ended-early']).toBe('size');
    expect(pageOf(first).items).toEqual([{ sheet: 'Orders', row: 2, cells: ['Ibu Sri', '', '12.5'] }]);
    const second = pageOf(await client.get(`${rows}?cursor=${pageOf(first).nextCursor!}`));
    expect((second.items[0] as { cells: string[] }).cells.length).toBeGreaterThan(20);
    expect(second.nextCursor).not.toBeNull();
  });
});
