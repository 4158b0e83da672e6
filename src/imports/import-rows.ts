import { Injectable } from '@nestjs/common';
import type { Principal } from '../platform/access/principal.js';
import { Database } from '../platform/database/database.js';
import { conflict } from '../platform/errors/platform.errors.js';
import { decodeCursor, toPage, type Page, type PageRequest } from '../platform/http/page.js';
import type { ImportRowView } from './import-view.js';
import { ImportsService } from './imports.service.js';
import type { WorkbookRow } from './workbook/sheet-reader.js';

/** Chunks of one read. */
const CHUNKS = 4;
const isIndex = (text: string): boolean => /^\d{1,7}$/.test(text);

/** Shows the rows of a workbook, in the order of its sheets. */
@Injectable()
export class ImportRows {
  constructor(
    private readonly database: Database,
    private readonly imports: ImportsService,
  ) {}

  /** @throws NOT_FOUND; CONFLICT while the file is still being read, or when it was refused. */
  async list(
    principal: Principal,
    integrationId: string,
    importId: string,
    { limit, cursor, sheet: name }: PageRequest & { sheet?: string | undefined },
  ): Promise<Page<ImportRowView>> {
    const { organizationId } = principal;
    const [afterSheet, afterRow] =
      cursor === undefined ? [0, 0] : decodeCursor(cursor, [isIndex, isIndex]).map(Number);
    const { status, sheets, refusal } = await this.imports.get(principal, integrationId, importId);
    if (status !== 'READY') throw conflict({ detail: refusal ?? 'The file is still being read.' });
    const only = name === undefined ? undefined : sheets.findIndex((sheet) => sheet.name === name);
    const found: { sheet: number; row: number; cells: string[] }[] = [];
    let from = { sheet: afterSheet!, row: afterRow! };
    while (found.length <= limit) {
      const chunks = await this.database.client.importChunk.findMany({
        where: {
          organizationId,
          importId,
          ...(only !== undefined && { sheet: only }),
          OR: [{ sheet: from.sheet, lastRow: { gt: from.row } }, { sheet: { gt: from.sheet } }],
        },
        orderBy: [{ sheet: 'asc' }, { firstRow: 'asc' }],
        take: CHUNKS,
      });
      for (const { sheet, rows } of chunks)
        for (const [row, cells] of JSON.parse(rows) as WorkbookRow[])
          if (sheet > from.sheet || row > from.row) found.push({ sheet, row, cells });
      const last = chunks.at(-1);
      if (last === undefined || chunks.length < CHUNKS) break;
      from = { sheet: last.sheet, row: last.lastRow };
    }
    return toPage(
      found.slice(0, limit + 1),
      limit,
      ({ sheet, row }) => [String(sheet), String(row)],
      ({ sheet, row, cells }) => ({ sheet: sheets[sheet]?.name ?? '', row, cells }),
    );
  }
}
