import { createInflateRaw, crc32 } from 'node:zlib';
import { fromBufferPromise, type Entry, type ZipFile } from 'yauzl';
import { readExtraField } from './extra-fields.js';
import { damaged, WorkbookRefused } from './workbook-refused.js';

const MAX_PARTS = 2000;
/** What programs call their parts stays below 100. */
const MAX_NAME_BYTES = 1024;
/** Of extra fields and comments that nobody judges: programs write some 30 of them, in header and directory each. */
const MAX_LOOSE_BYTES = 256;
/** The same, of all parts together: 64 for each of as many as there may be. */
const MAX_LOOSE_BYTES_TOGETHER = MAX_PARTS * 64;
const MIB = 1024 * 1024;
/** Deflate can reach 1030; spreadsheets stay below 100. Small parts may be as repetitive as they like. */
const MAX_RATIO = 200;
const MIN_BYTES_FOR_RATIO = MIB;
/** Bytes that are unpacked at once. */
const PIECE_BYTES = 128 * 1024;

const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_HEADER = 30;
const DIRECTORY_HEADER = 46;
const END_SIGNATURE = 0x06054b50;
const END_RECORD = 22;
const END64_SIGNATURE = 0x06064b50;
const END64_RECORD = 56;
const LOCATOR64_SIGNATURE = 0x07064b50;
const LOCATOR64 = 20;
const DESCRIPTOR_SIGNATURE = 0x08074b50;
const IN_ZIP64 = 0xffffffff;
const UNKNOWN_SIZE = 0xffffffffffffffffn;
const STORED = 0;
const DEFLATED = 8;
/** Sizes and checksum stand behind the data. */
const HAS_DESCRIPTOR = 0x0008;
/** What header and directory must agree on: encryption, patches, strong encryption, masked headers. */
const MEANINGFUL_FLAGS = 0x2061;

/** A part of an archive, where it is; nothing of it has been unpacked. */
export interface ArchivePart {
  /** With forward slashes, inside the archive. */
  readonly name: string;
  readonly dataStart: number;
  readonly dataEnd: number;
  readonly isDeflated: boolean;
  /** Bytes when it is unpacked. */
  readonly size: number;
  readonly crc32: number;
  /** Of its extra fields and its comment, bytes that nobody judges. */
  readonly looseBytes: number;
}

/**
 * Reads the directory of a zip and judges it before a single byte is unpacked: number, names, sizes, ratios, encryption.
 * Every byte of the file must have one meaning, for whoever reads it from its front or by its directory: headers, data and
 * descriptors lie one after the other from the first byte to the directory, which ends where the file does (APPNOTE 6.3.10
 * §4.3; ASVS V5.2.2, V5.2.3).
 * @param maxInflatedMiB all parts together.
 * @throws WorkbookRefused
 */
export async function readArchive(file: Buffer, maxInflatedMiB: number): Promise<ArchivePart[]> {
  if (file.length < LOCAL_HEADER + END_RECORD || file.readUInt32LE(0) !== LOCAL_SIGNATURE)
    throw new WorkbookRefused('not_a_workbook', 'This is not an .xlsx workbook, whatever its name says.');
  const zip = await openZip(file);
  const entries = await readEntries(zip);
  assertNoBomb(entries, maxInflatedMiB);
  const directoryStart = findDirectory(file, zip.entryCount, entries);
  const inOrder = entries.toSorted((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  let end = 0;
  let looseBytes = 0;
  const parts = inOrder.map((entry, index) => {
    const next = inOrder[index + 1]?.relativeOffsetOfLocalHeader ?? directoryStart;
    const part = locate(file, entry, end, next);
    looseBytes += part.looseBytes;
    if (looseBytes > MAX_LOOSE_BYTES_TOGETHER) throw tooMuchBeside(part.name);
    end = next;
    return part;
  });
  assertDistinct(parts);
  return parts.filter(({ name }) => !name.endsWith('/'));
}

/**
 * Unpacks a part piece by piece, never more than its directory says.
 * @throws WorkbookRefused when it is not what the directory says: size, checksum, bytes behind its end.
 */
export async function* unpack(file: Buffer, part: ArchivePart): AsyncGenerator<Buffer> {
  const data = file.subarray(part.dataStart, part.dataEnd);
  let size = 0;
  let checksum = 0;
  const count = (bytes: Buffer): void => {
    size += bytes.length;
    if (size > part.size) throw damaged(`its part ${shown(part.name)} is larger than its directory says`);
    checksum = crc32(bytes, checksum);
  };
  if (part.isDeflated) {
    const inflate = createInflateRaw({ chunkSize: PIECE_BYTES });
    inflate.end(data);
    try {
      for await (const bytes of inflate as AsyncIterable<Buffer>) {
        count(bytes);
        yield bytes;
      }
    } catch (error) {
      if (error instanceof WorkbookRefused || !isZlibError(error)) throw error;
      throw damaged(`its part ${shown(part.name)} cannot be unpacked`);
    } finally {
      inflate.destroy();
    }
    if (inflate.bytesWritten !== data.length)
      throw damaged(`there is something behind the end of its part ${shown(part.name)}`);
  } else {
    for (let start = 0; start < data.length; start += PIECE_BYTES) {
      const bytes = data.subarray(start, start + PIECE_BYTES);
      count(bytes);
      yield bytes;
    }
  }
  if (size !== part.size || checksum !== part.crc32)
    throw damaged(`the checksum or size of its part ${shown(part.name)} is wrong`);
}

/** A name of a part, short enough for a sentence. */
export function shown(name: string): string {
  return name.slice(0, 100);
}

function isZlibError(error: unknown): boolean {
  return String((error as NodeJS.ErrnoException).code).startsWith('Z_');
}

async function openZip(file: Buffer): Promise<ZipFile> {
  try {
    // Backslashes, as some programs write them, become slashes; names that point outside are refused.
    return await fromBufferPromise(file, { lazyEntries: true, autoClose: false, strictFileNames: false });
  } catch {
    throw damaged('its directory cannot be read');
  }
}

async function readEntries(zip: ZipFile): Promise<Entry[]> {
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
  for (const { fileName, compressedSize, uncompressedSize } of entries) {
    total += uncompressedSize;
    const isLarge = uncompressedSize > MIN_BYTES_FOR_RATIO;
    if (isLarge && uncompressedSize > compressedSize * MAX_RATIO)
      throw new WorkbookRefused(
        'bomb',
        `The part ${shown(fileName)} would grow out of all proportion when it is unpacked.`,
      );
  }
  if (total > maxInflatedMiB * MIB)
    throw new WorkbookRefused('bomb', `Unpacked, the workbook is larger than ${maxInflatedMiB} MiB.`);
}

/**
 * Where the directory begins, after it was made sure that it ends where the file does, and that the entries read are all
 * it has. @throws WorkbookRefused
 */
function findDirectory(file: Buffer, entryCount: number, entries: readonly Entry[]): number {
  const end = file.length - END_RECORD;
  if (file.readUInt32LE(end) !== END_SIGNATURE) throw damaged('there is something behind its end');
  let directoryEnd = end;
  let [count, size, start] = [
    file.readUInt16LE(end + 10),
    file.readUInt32LE(end + 12),
    file.readUInt32LE(end + 16),
  ];
  const locator = end - LOCATOR64;
  if (locator > END64_RECORD && file.readUInt32LE(locator) === LOCATOR64_SIGNATURE) {
    directoryEnd = locator - END64_RECORD;
    if (
      file.readBigUInt64LE(locator + 8) !== BigInt(directoryEnd) ||
      file.readUInt32LE(directoryEnd) !== END64_SIGNATURE
    )
      throw damaged('its directory is not where it says');
    const large = (offset: number): number => Number(file.readBigUInt64LE(directoryEnd + offset));
    const agrees = (short: number, none: number, long: number): boolean => short === none || short === long;
    if (
      !agrees(count, 0xffff, large(32)) ||
      !agrees(size, IN_ZIP64, large(40)) ||
      !agrees(start, IN_ZIP64, large(48))
    )
      throw damaged('its directory says two things');
    [count, size, start] = [large(32), large(40), large(48)];
  }
  const read = entries.reduce(
    (sum, entry) =>
      sum + DIRECTORY_HEADER + entry.fileNameLength + entry.extraFieldLength + entry.fileCommentLength,
    0,
  );
  if (count !== entryCount || count !== entries.length || size !== read || start + size !== directoryEnd)
    throw damaged('its directory does not tell all of its parts');
  return start;
}

/** @param next where the next part, or the directory, begins. */
function locate(file: Buffer, entry: Entry, start: number, next: number): ArchivePart {
  const { fileName, compressionMethod, compressedSize, uncompressedSize } = entry;
  const name = shown(fileName);
  if (entry.fileNameLength > MAX_NAME_BYTES)
    throw damaged(`the name of its part ${name}… is longer than ${MAX_NAME_BYTES} bytes`);
  const offset = entry.relativeOffsetOfLocalHeader;
  if (offset < start || next < start + LOCAL_HEADER)
    throw new WorkbookRefused('bomb', `The part ${name} lies over another one.`);
  if (offset > start) throw damaged(`there is something between its parts, before ${name}`);
  if (entry.isEncrypted())
    throw new WorkbookRefused(
      'old_or_protected',
      `The part ${name} is encrypted. Save the workbook without a password.`,
    );
  if (compressionMethod !== STORED && compressionMethod !== DEFLATED)
    throw damaged(`its part ${name} is packed in an unknown way`);
  if (/\p{Cc}/u.test(fileName)) throw damaged('a part has a name that no program gives');
  if (file.readUInt32LE(start) !== LOCAL_SIGNATURE)
    throw damaged(`its part ${name} is not where its directory says`);
  const flags = file.readUInt16LE(start + 6);
  const nameEnd = start + LOCAL_HEADER + file.readUInt16LE(start + 26);
  const dataStart = nameEnd + file.readUInt16LE(start + 28);
  const dataEnd = dataStart + compressedSize;
  if (dataEnd > next)
    throw new WorkbookRefused('bomb', `The part ${name} lies over another one, or is cut off.`);
  if (!file.subarray(start + LOCAL_HEADER, nameEnd).equals(entry.fileNameRaw))
    throw damaged(`its part ${name} has two names`);
  const extra = readExtraField(file.subarray(nameEnd, dataStart), entry.fileNameRaw);
  const directoryExtra = readExtraField(entry.extraFieldRaw, entry.fileNameRaw);
  if (extra === null || directoryExtra === null)
    throw damaged(`the extra field of its part ${name} is broken`);
  const looseBytes = extra.looseBytes + directoryExtra.looseBytes + entry.fileCommentLength;
  if (looseBytes > MAX_LOOSE_BYTES) throw tooMuchBeside(fileName);
  const header = [14, 18, 22].map((at) => file.readUInt32LE(start + at)) as [number, number, number];
  const told: readonly number[] = [entry.crc32, compressedSize, uncompressedSize];
  const hasDescriptor = (flags & HAS_DESCRIPTOR) !== 0;
  const isSame = (value: number, index: number): boolean =>
    value === told[index] || (hasDescriptor && value === 0) || (index > 0 && value === IN_ZIP64);
  if (
    file.readUInt16LE(start + 8) !== compressionMethod ||
    ((flags ^ entry.generalPurposeBitFlag) & MEANINGFUL_FLAGS) !== 0 ||
    !header.every(isSame) ||
    !isLargeHeader(extra.zip64, header, told, hasDescriptor)
  )
    throw damaged(`its part ${name} is another one than its directory says`);
  const behind = file.subarray(dataEnd, next);
  const isAnnounced = hasDescriptor || (entry.generalPurposeBitFlag & HAS_DESCRIPTOR) !== 0;
  // Folders are empty: some programs announce what they then leave out.
  if (isAnnounced && behind.length === 0 && !fileName.endsWith('/'))
    throw damaged(`the checksum that its part ${name} announces behind its data is missing`);
  if (behind.length > 0 && !(hasDescriptor && isDescriptor(behind, told)))
    throw damaged(`there is something between its parts, behind ${name}`);
  return {
    name: fileName,
    dataStart,
    dataEnd,
    isDeflated: compressionMethod === DEFLATED,
    size: uncompressedSize,
    crc32: entry.crc32,
    looseBytes,
  };
}

/**
 * Whether the sizes that a header has no room for are those of the directory; before a descriptor they may be unknown,
 * as 0 or −1. @param header checksum, packed and unpacked size; `told` likewise.
 */
function isLargeHeader(
  zip64: Buffer | undefined,
  [, packed, unpacked]: readonly [number, number, number],
  [, toldPacked, toldUnpacked]: readonly number[],
  hasDescriptor: boolean,
): boolean {
  // The unpacked size comes first, and each is there only when it is needed.
  const expected = [unpacked === IN_ZIP64 ? toldUnpacked! : -1, packed === IN_ZIP64 ? toldPacked! : -1];
  const needed = expected.filter((size) => size !== -1);
  if (needed.length === 0) return true;
  if (zip64 === undefined || zip64.length < needed.length * 8) return hasDescriptor;
  return needed.every((size, index) => {
    const value = zip64.readBigUInt64LE(index * 8);
    return value === BigInt(size) || (hasDescriptor && (value === 0n || value === UNKNOWN_SIZE));
  });
}

function tooMuchBeside(name: string): WorkbookRefused {
  return damaged(`there is too much beside its part ${shown(name)}: extra fields and comments`);
}

/** Checksum and sizes of 4 or 8 bytes, with a signature or without. */
function isDescriptor(bytes: Buffer, [checksum, packed, size]: readonly number[]): boolean {
  const hasSignature = bytes.length === 16 || bytes.length === 24;
  if (!hasSignature && bytes.length !== 12 && bytes.length !== 20) return false;
  if (hasSignature && bytes.readUInt32LE(0) !== DESCRIPTOR_SIGNATURE) return false;
  const values = bytes.subarray(hasSignature ? 4 : 0);
  const [first, second] =
    values.length === 12
      ? [values.readUInt32LE(4), values.readUInt32LE(8)]
      : [Number(values.readBigUInt64LE(4)), Number(values.readBigUInt64LE(12))];
  return values.readUInt32LE(0) === checksum && first === packed && second === size;
}

function assertDistinct(parts: readonly ArchivePart[]): void {
  const seen = new Set<string>();
  for (const { name, size } of parts) {
    if (name.endsWith('/') && size > 0) throw damaged(`its folder ${shown(name)} has a content`);
    const key = name.toLowerCase();
    if (seen.has(key)) throw damaged(`its part ${shown(name)} is there twice`);
    seen.add(key);
  }
}
