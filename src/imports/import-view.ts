import type { Import } from '../platform/database/generated/client.js';
import type { SheetSummary } from './workbook/read-workbook.js';

/** An uploaded workbook as people see it. */
export type ImportView = Pick<
  Import,
  'id' | 'integrationId' | 'fileName' | 'bytes' | 'status' | 'refusal' | 'createdBy' | 'createdAt'
> & {
  /** Hexadecimal. */
  sha256: string;
  /** What it takes of the quota: file and rows as they are kept. */
  storedBytes: number;
  /** Empty while it is being read. */
  sheets: SheetSummary[];
};

/** A row that is not empty. */
export interface ImportRowView {
  sheet: string;
  /** As the workbook numbers it, from 1. */
  row: number;
  /** There when the row began on the page before: the column of the first of `cells`, from 0 on. */
  firstColumn?: number;
  /** From column A on; empty cells at the end are left out. */
  cells: string[];
}

export function toImportView(row: Import): ImportView {
  const { id, integrationId, fileName, bytes, sha256, status, refusal, sheets, createdBy, createdAt } = row;
  return {
    id,
    integrationId,
    fileName,
    bytes,
    sha256: Buffer.from(sha256).toString('hex'),
    storedBytes: Number(row.storedBytes),
    status,
    refusal,
    sheets: sheets as unknown as SheetSummary[],
    createdBy,
    createdAt,
  };
}
