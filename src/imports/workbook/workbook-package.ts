import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { fromBufferPromise, type Entry, type ZipFile } from 'yauzl';
import { WorkbookRefused } from './workbook-refused.js';

const MAX_PARTS = 2000;
const MIB = 1024 * 1024;
/** Deflate can reach 1030; spreadsheets stay below 100. Small parts may be as repetitive as they like. */
const MAX_RATIO = 200;
const MIN_BYTES_FOR_RATIO = MIB;
/** What stands between two entries at most: a data descriptor with zip64 sizes. */
const MAX_GAP = 24;
const LOCAL_HEADER = 30;
const LOCAL_SIGNATURE = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;

/** Parts that mean more than cells: what they are called, and what we say. */
const FORBIDDEN_PARTS: [RegExp, 'macros' | 'external_links' | 'embedded_objects', string][] = [
  [
    /vbaproject|\/macrosheets\/|vbadata|\.vba$/i,
    'macros',
    'The workbook contains macros. Save it without them, as .xlsx.',
  ],
  [
    /\/externallinks\/|\/querytables\/|(^|\/)connections\.xml$|\/customdata\//i,
    'external_links',
    'The workbook takes data from other files or services. Break these links and save it again.',
  ],
  [
    /\/embeddings\/|\/activex\/|\/ctrlprops\/|oleobject|\/webextensions\//i,
    'embedded_objects',
    'The workbook contains embedded objects or controls. Remove them and save it again.',
  ],
];
/** Extensions of parts that a plain workbook has. */
const PLAIN_PART = /\.(xml|rels|vml|png|jpe?g|gif|bmp|tiff?|emf|wmf|svg)$|printersettings\d*\.bin$/i;

/** An opened .xlsx whose directory has been checked; nothing has been unpacked yet. */
export interface WorkbookPackage {
  /** Names of the parts as written. */
  readonly names: string[];
  has(name: string): boolean;
  /** The unpacked bytes of a part, never more than its directory says. @throws WorkbookRefused when there is none. */
  open(name: string): Promise<Readable>;
}

/**
 * Reads the central directory and judges it before a single byte is unpacked: number, names, sizes, ratios, overlaps,
 * encryption (ASVS V5.2.2, V5.2.3).
 * @param maxInflatedMiB all parts together.
 * @throws WorkbookRefused
 */
export async function openPackage(file: Buffer, maxInflatedMiB: number): Promise<WorkbookPackage> {
  // The signature of OLE: .xls of before 2007, and every workbook with a password.
  if (file.subarray(0, 8).equals(Buffer.from('d0cf11e0a1b11ae1', 'hex')))
    throw new WorkbookRefused(
      'old_or_protected',
      'This is an old .xls file, or it is protected with a password. Save it as .xlsx without a password.',
    );
  if (file.length < LOCAL_HEADER || file.readUInt32LE(0) !== LOCAL_SIGNATURE)
    throw new WorkbookRefused('not_a_workbook', 'This is not an .xlsx workbook, whatever its name says.');
  const zip = await openZip(file);
  const entries = await readDirectory(zip);
  assertNoBomb(entries, maxInflatedMiB);
  assertLayout(file, entries);
  const parts = new Map<string, Entry>();
  for (const entry of entries) {
    assertPlainPart(entry);
    const key = entry.fileName.toLowerCase();
    if (parts.has(key)) throw damaged('a part of it is there twice');
    parts.set(key, entry);
  }
  return {
    names: entries.map(({ fileName }) => fileName),
    has: (name) => parts.has(name.toLowerCase()),
    open: async (name) => {
      const entry = parts.get(name.toLowerCase());
      if (entry === undefined) throw damaged(`its part ${name.slice(0, 100)} is missing`);
      return zip.openReadStreamPromise(entry);
    },
  };
}

/** The name of the part that a relationship points to. @throws WorkbookRefused when it points outside. */
export function resolvePart(source: string, target: string): string {
  const path = target.startsWith('/')
    ? posix.normalize(target).slice(1)
    : posix.join(posix.dirname(source), target);
  if (path.startsWith('..') || path.includes('\\') || path === '')
    throw damaged('a part points outside of it');
  return path;
}

export function damaged(what: string): WorkbookRefused {
  return new WorkbookRefused('damaged', `The workbook is damaged: ${what}.`);
}

async function openZip(file: Buffer): Promise<ZipFile> {
  try {
    return await fromBufferPromise(file, {
      lazyEntries: true,
      autoClose: false,
      strictFileNames: true,
      validateEntrySizes: true,
    });
  } catch {
    throw damaged('its directory cannot be read');
  }
}

async function readDirectory(zip: ZipFile): Promise<Entry[]> {
  if (zip.entryCount > MAX_PARTS)
    throw new WorkbookRefused('bomb', `The workbook has more than ${MAX_PARTS} parts.`);
  // Bytes behind the directory could be another program.
  if (zip.comment !== '') throw damaged('there is something behind its end');
  const entries: Entry[] = [];
  try {
    for await (const entry of zip.eachEntry()) entries.push(entry);
  } catch {
    throw damaged('its directory is broken or names parts outside of it');
  }
  if (entries.length === 0) throw new WorkbookRefused('not_a_workbook', 'The file is empty.');
  return entries;
}

function assertNoBomb(entries: readonly Entry[], maxInflatedMiB: number): void {
  let total = 0;
  for (const { compressedSize, uncompressedSize } of entries) {
    total += uncompressedSize;
    const isLarge = uncompressedSize > MIN_BYTES_FOR_RATIO;
    if (isLarge && uncompressedSize > compressedSize * MAX_RATIO)
      throw new WorkbookRefused('bomb', 'The workbook would grow out of all proportion when it is unpacked.');
  }
  if (total > maxInflatedMiB * MIB)
    throw new WorkbookRefused('bomb', `Unpacked, the workbook is larger than ${maxInflatedMiB} MiB.`);
}

/** Entries lie one after the other from the first byte on, none inside another, each with the name the directory says. */
function assertLayout(file: Buffer, entries: readonly Entry[]): void {
  let end = 0;
  for (const entry of entries.toSorted(
    (a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader,
  )) {
    const start = entry.relativeOffsetOfLocalHeader;
    if (start < end || start - end > (end === 0 ? 0 : MAX_GAP))
      throw new WorkbookRefused('bomb', 'The parts of the workbook overlap, or hide something between them.');
    if (start + LOCAL_HEADER > file.length || file.readUInt32LE(start) !== LOCAL_SIGNATURE)
      throw damaged('a part is not where its directory says');
    const nameLength = file.readUInt16LE(start + 26);
    const name = file.subarray(start + LOCAL_HEADER, start + LOCAL_HEADER + nameLength);
    if (!name.equals(entry.fileNameRaw)) throw damaged('a part has two names');
    end = start + LOCAL_HEADER + nameLength + file.readUInt16LE(start + 28) + entry.compressedSize;
    if (end > file.length) throw damaged('a part is cut off');
  }
}

function assertPlainPart(entry: Entry): void {
  const { fileName, compressionMethod } = entry;
  if (entry.isEncrypted())
    throw new WorkbookRefused('old_or_protected', 'The workbook is encrypted. Save it without a password.');
  if (compressionMethod !== STORED && compressionMethod !== DEFLATED)
    throw damaged('a part is packed in an unknown way');
  const path = `/${fileName}`;
  for (const [pattern, reason, message] of FORBIDDEN_PARTS)
    if (pattern.test(path)) throw new WorkbookRefused(reason, message);
  if (/[\p{Cc}]/u.test(fileName)) throw damaged('a part has a name that no program gives');
  if (!fileName.endsWith('/') && !PLAIN_PART.test(fileName))
    throw new WorkbookRefused(
      'embedded_objects',
      `The workbook contains something that does not belong into one: ${fileName.slice(0, 100)}.`,
    );
}
