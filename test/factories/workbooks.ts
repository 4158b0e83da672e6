import { crc32, deflateRawSync } from 'node:zlib';

/** An entry of an archive; what is not given is as an honest program writes it. */
export interface ZipEntry {
  readonly name: string;
  readonly content: string | Buffer;
  readonly isStored?: boolean;
  /** What the directory and the header say instead of the truth. */
  readonly claimedSize?: number;
  readonly claimedCompressedSize?: number;
  readonly localName?: string;
  readonly flags?: number;
  /** Where the directory says it is, instead of where it is. */
  readonly claimedOffset?: number;
  readonly crc32?: number;
  /** What the header says instead of the directory. */
  readonly localCrc32?: number;
  /** Follows the packed data and counts as part of it. */
  readonly behindData?: Buffer;
  /** Follows the entry and belongs to nothing. */
  readonly trailing?: string;
  /** Sizes and checksum stand behind the data, as programs write that cannot go back. */
  readonly hasDescriptor?: boolean;
  /** Extra fields, and a comment of the directory. */
  readonly localExtra?: Buffer;
  readonly extra?: Buffer;
  readonly comment?: string;
  /** Its header says that its sizes stand in the extra field. */
  readonly claimsZip64?: boolean;
}

/** A record of an extra field. */
export function extraRecord(id: number, data: Buffer | string): Buffer {
  const bytes = Buffer.from(data as string);
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(bytes.length, 2);
  return Buffer.concat([head, bytes]);
}

/** Builds an archive byte by byte, so that it can lie. */
export function zip(
  entries: readonly ZipEntry[],
  {
    comment = '',
    entryCount = entries.length,
    before = Buffer.alloc(0),
    behindParts = Buffer.alloc(0),
  }: { comment?: string; entryCount?: number; before?: Buffer; behindParts?: Buffer } = {},
): Buffer {
  const locals: Buffer[] = [before];
  const directory: Buffer[] = [];
  let offset = before.length;
  for (const entry of entries) {
    const content = Buffer.from(entry.content as string);
    const packed = entry.isStored === true ? content : deflateRawSync(content);
    const data = Buffer.concat([packed, entry.behindData ?? Buffer.alloc(0)]);
    const name = Buffer.from(entry.name);
    const localName = Buffer.from(entry.localName ?? entry.name);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE((entry.flags ?? 0x800) | (entry.hasDescriptor === true ? 8 : 0), 2);
    shared.writeUInt16LE(entry.isStored === true ? 0 : 8, 4);
    shared.writeUInt32LE(entry.crc32 ?? crc32(content), 10);
    shared.writeUInt32LE(entry.claimedCompressedSize ?? data.length, 14);
    shared.writeUInt32LE(entry.claimedSize ?? content.length, 18);
    const header = Buffer.from(shared);
    if (entry.localCrc32 !== undefined) header.writeUInt32LE(entry.localCrc32, 10);
    if (entry.hasDescriptor === true) header.fill(0, 10, 22);
    if (entry.claimsZip64 === true) header.fill(0xff, 14, 22);
    const localExtra = entry.localExtra ?? Buffer.alloc(0);
    const extra = entry.extra ?? Buffer.alloc(0);
    const remark = Buffer.from(entry.comment ?? '');
    const descriptor =
      entry.hasDescriptor === true
        ? Buffer.concat([Buffer.from('PK\x07\x08'), shared.subarray(10, 22)])
        : Buffer.alloc(0);
    const local = Buffer.concat([
      Buffer.from('PK\x03\x04'),
      header,
      localName,
      localExtra,
      data,
      descriptor,
      Buffer.from(entry.trailing ?? ''),
    ]);
    local.writeUInt16LE(localName.length, 26);
    local.writeUInt16LE(localExtra.length, 28);
    const central = Buffer.concat([
      Buffer.from('PK\x01\x02\x14\x00', 'latin1'),
      shared,
      Buffer.alloc(14),
      name,
      extra,
      remark,
    ]);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt16LE(extra.length, 30);
    central.writeUInt16LE(remark.length, 32);
    central.writeUInt32LE(entry.claimedOffset ?? offset, 42);
    locals.push(local);
    directory.push(central);
    offset += local.length;
  }
  locals.push(behindParts);
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entryCount, 8);
  end.writeUInt16LE(entryCount, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset + behindParts.length, 16);
  end.writeUInt16LE(Buffer.byteLength(comment), 20);
  return Buffer.concat([...locals, ...directory, end, Buffer.from(comment)]);
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const SHEET = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

/** The parts of a workbook with the given sheets: name → rows of XML, as in `<row>…</row>`. */
export function workbookParts(
  sheets: Record<string, string>,
  sharedStrings: readonly string[] = [],
): ZipEntry[] {
  const names = Object.keys(sheets);
  const numbered = names.map((name, index) => ({ name, number: index + 1 }));
  return [
    {
      name: '[Content_Types].xml',
      content: `${XML}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPE}.sheet.main+xml"/></Types>`,
    },
    {
      name: '_rels/.rels',
      content: `${XML}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    },
    {
      name: 'xl/workbook.xml',
      content: `${XML}<workbook xmlns="${SHEET}" xmlns:r="${OFFICE}"><sheets>${numbered
        .map(({ name, number }) => `<sheet name="${name}" sheetId="${number}" r:id="rId${number}"/>`)
        .join('')}</sheets></workbook>`,
    },
    {
      name: 'xl/_rels/workbook.xml.rels',
      content: `${XML}<Relationships xmlns="${PACKAGE}/relationships">${numbered
        .map(
          ({ number }) =>
            `<Relationship Id="rId${number}" Type="${OFFICE}/worksheet" Target="worksheets/sheet${number}.xml"/>`,
        )
        .join(
          '',
        )}<Relationship Id="rIdS" Type="${OFFICE}/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rIdT" Type="${OFFICE}/styles" Target="/xl/styles.xml"/></Relationships>`,
    },
    {
      name: 'xl/styles.xml',
      content: `${XML}<styleSheet xmlns="${SHEET}"><numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy\\ hh:mm"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="2"/></cellXfs></styleSheet>`,
    },
    {
      name: 'xl/sharedStrings.xml',
      content: `${XML}<sst xmlns="${SHEET}">${sharedStrings.map((text) => `<si>${text}</si>`).join('')}</sst>`,
    },
    ...numbered.map(({ name, number }) => ({
      name: `xl/worksheets/sheet${number}.xml`,
      content: `${XML}<worksheet xmlns="${SHEET}"><sheetData>${sheets[name]}</sheetData></worksheet>`,
    })),
  ];
}

/** A row of texts. */
export function textRow(number: number, cells: readonly string[]): string {
  const inner = cells
    .map((text) => `<c t="inlineStr"><is><t xml:space="preserve">${text}</t></is></c>`)
    .join('');
  return `<row r="${number}">${inner}</row>`;
}

/** A plain workbook with one sheet. */
export function aWorkbook(rows: readonly (readonly string[])[], sheet = 'Orders'): Buffer {
  return zip(workbookParts({ [sheet]: rows.map((cells, index) => textRow(index + 1, cells)).join('') }));
}

/** The parts of a plain workbook with some of them replaced, added, or (null) taken out. */
export function alteredWorkbook(changes: Record<string, string | Buffer | null>): Buffer {
  const parts = new Map(
    workbookParts({ Orders: textRow(1, ['a', 'b']) }).map((entry) => [entry.name, entry]),
  );
  for (const [name, content] of Object.entries(changes)) {
    if (content === null) parts.delete(name);
    else parts.set(name, { name, content });
  }
  return zip([...parts.values()]);
}

/** A workbook that takes a while to read: so many rows of five cells. */
export function aLongWorkbook(rows: number): Buffer {
  const cells =
    '<c><v>1</v></c><c><v>2.5</v></c><c t="str"><v>Kaos polos</v></c><c><v>45688</v></c><c><v>7</v></c>';
  let xml = '';
  for (let row = 1; row <= rows; row += 1) xml += `<row r="${row}">${cells}</row>`;
  return zip(workbookParts({ Orders: xml }));
}
