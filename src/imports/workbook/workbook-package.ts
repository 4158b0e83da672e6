import { posix } from 'node:path';
import { readArchive, shown, unpack, type ArchivePart } from './archive.js';
import { damaged, WorkbookRefused } from './workbook-refused.js';

/** An opened .xlsx whose directory has been checked; nothing has been unpacked yet. */
export interface WorkbookPackage {
  /** Names of the parts, with forward slashes. */
  readonly names: readonly string[];
  has(name: string): boolean;
  /** The unpacked bytes of a part. @throws WorkbookRefused when there is none, or when it is not what it should be. */
  open(name: string): AsyncIterable<Buffer>;
  /** Names of the parts that nobody has opened. */
  unread(): string[];
}

/** @param maxInflatedMiB all parts together. @throws WorkbookRefused */
export async function openPackage(file: Buffer, maxInflatedMiB: number): Promise<WorkbookPackage> {
  // The signature of OLE: .xls of before 2007, and every workbook with a password.
  if (file.subarray(0, 8).equals(Buffer.from('d0cf11e0a1b11ae1', 'hex')))
    throw new WorkbookRefused(
      'old_or_protected',
      'This is an old .xls file, or it is protected with a password. Save it as .xlsx without a password.',
    );
  const parts = new Map<string, ArchivePart>();
  for (const part of await readArchive(file, maxInflatedMiB)) parts.set(part.name.toLowerCase(), part);
  const opened = new Set<ArchivePart>();
  return {
    names: [...parts.values()].map(({ name }) => name),
    has: (name) => parts.has(name.toLowerCase()),
    open: (name) => {
      const part = parts.get(name.toLowerCase());
      if (part === undefined) throw damaged(`its part ${shown(name)} is missing`);
      opened.add(part);
      return unpack(file, part);
    },
    unread: () => [...parts.values()].filter((part) => !opened.has(part)).map(({ name }) => name),
  };
}

/**
 * The name of the part that a relationship points to. What climbs out of the package stays at its root, as in any URI (RFC
 * 3986 §5.2.4): it names a part or nothing, never a file.
 */
export function resolvePart(source: string, target: string): string {
  return posix.resolve('/', posix.dirname(source), target.replaceAll('\\', '/')).slice(1);
}
