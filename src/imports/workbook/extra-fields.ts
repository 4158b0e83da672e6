/** A record of an extra field: what it is, and what it says. */
interface ExtraRecord {
  readonly id: number;
  readonly data: Buffer;
}

/** What an extra field of a part says that matters to readers. */
export interface ExtraField {
  /** Bytes that nobody judges: timestamps, owners, what no program knows. */
  readonly looseBytes: number;
  /** Sizes and offset of 8 bytes each, where those of the header have no room. */
  readonly zip64: Buffer | undefined;
}

const ZIP64 = 0x0001;
const UNICODE_PATH = 0x7075;
/** Version and checksum before the name. */
const UNICODE_PATH_HEAD = 5;
const RECORD_HEAD = 4;

/** Room that Office and .NET leave for a part to grow into: a signature, its size, then zeros. */
const GROWTH_HINT = 0xa220;
const GROWTH_HINT_HEAD = 4;
const MAX_GROWTH_HINT = 16 * 1024;

/**
 * Reads an extra field, which must be records from its first byte to its last (APPNOTE 6.3.10 §4.5).
 * @param name of the part, as header and directory have it.
 * @returns null when it is no list of records, says a thing twice, or gives the part another name.
 */
export function readExtraField(field: Buffer, name: Buffer): ExtraField | null {
  const records = recordsOf(field);
  if (records === null) return null;
  const [zip64, ...moreSizes] = records.filter(({ id }) => id === ZIP64);
  const [path, ...morePaths] = records.filter(({ id }) => id === UNICODE_PATH);
  if (moreSizes.length > 0 || morePaths.length > 0) return null;
  if (path !== undefined && !isSameName(path.data.subarray(UNICODE_PATH_HEAD), name)) return null;
  const looseBytes = records.reduce(
    (sum, record) => sum + (isGrowthHint(record) ? 0 : RECORD_HEAD + record.data.length),
    0,
  );
  return { looseBytes, zip64: zip64?.data };
}

function recordsOf(field: Buffer): ExtraRecord[] | null {
  const records: ExtraRecord[] = [];
  for (let at = 0; at < field.length;) {
    const start = at + RECORD_HEAD;
    if (start > field.length) return null;
    const end = start + field.readUInt16LE(at + 2);
    if (end > field.length) return null;
    records.push({ id: field.readUInt16LE(at), data: field.subarray(start, end) });
    at = end;
  }
  return records;
}

function isGrowthHint({ id, data }: ExtraRecord): boolean {
  return (
    id === GROWTH_HINT &&
    data.length <= MAX_GROWTH_HINT &&
    data.subarray(GROWTH_HINT_HEAD).every((byte) => byte === 0)
  );
}

/**
 * The name in UTF-8 stands beside one in an old code page. Parts that mean something have names in ASCII, where the two
 * are the same: otherwise some readers would find another part than others do.
 */
function isSameName(unicode: Buffer, name: Buffer): boolean {
  return unicode.equals(name) || (!isAscii(unicode) && !isAscii(name));
}

function isAscii(bytes: Buffer): boolean {
  return bytes.every((byte) => byte < 0x80);
}
