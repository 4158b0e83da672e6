import { Injectable } from '@nestjs/common';
import type { Principal } from '../platform/access/principal.js';
import { Database } from '../platform/database/database.js';
import { conflict } from '../platform/errors/platform.errors.js';
import { decodeCursor, toPage, type Page, type PageRequest } from '../platform/http/page.js';
import type { ImportRowView } from './import-view.js';
import { ImportsService } from './imports.service.js';
import { RowPage, type PageRow } from './row-page.js';
import { unpackRows, unpackTexts, type UnpackedRow } from './workbook/row-packing.js';

/** Chunks of one read. */
const CHUNKS = 2;
/** Blocks of long texts of one read. */
const BLOCKS = 8;
const isSheet = (text: string): boolean => /^\d{1,4}$/.test(text);
/** `17`: after row 17. `17+300`: within row 17, from column 300 on. */
const isPlace = (text: string): boolean => /^\d{1,7}(\+[1-9]\d{0,4})?$/.test(text);

/** A page of rows, long texts included. */
export interface ImportRowPage {
  readonly page: Page<ImportRowView>;
  /** Whether it holds fewer rows than were asked for, because it would have become too large. */
  readonly endedEarly: boolean;
}

/** Shows the rows of a workbook, in the order of its sheets. */
@Injectable()
export class ImportRows {
  constructor(
    private readonly database: Database,
    private readonly imports: ImportsService,
  ) {}

  /**
   * A page of at most `limit` rows and about 2 MiB; texts are shared, so it takes less memory than it has bytes.
   * @throws NOT_FOUND; CONFLICT while the file is still being read, or when it was refused.
   */
  async list(
    principal: Principal,
    integrationId: string,
    importId: string,
    { limit, cursor, sheet: name }: PageRequest & { sheet?: string | undefined },
  ): Promise<ImportRowPage> {
    const { organizationId } = principal;
    const from = readPlace(cursor);
    const { status, sheets, refusal } = await this.imports.get(principal, integrationId, importId);
    if (status !== 'READY') throw conflict({ detail: refusal ?? 'The file is still being read.' });
    const only = name === undefined ? undefined : sheets.findIndex((sheet) => sheet.name === name);
    const page = new RowPage(limit);
    for await (const { sheet, row, cells } of this.rowsFrom(organizationId, importId, from, only)) {
      const isCut = sheet === from.sheet && row === from.cutRow;
      if (!page.add(sheet, row, cells, isCut ? from.column : 0)) break;
    }
    const texts = await this.readLongTexts(organizationId, importId, page.longTextBlocks());
    return {
      page: toPage(
        page.rowsAndNext(),
        page.rows.length,
        () => page.nextPlace(),
        (row) => toView(row, sheets[row.sheet]?.name ?? '', texts),
      ),
      endedEarly: page.endedEarly,
    };
  }

  /** Rows after a place, chunk by chunk: never more of them in memory than a page needs. */
  private async *rowsFrom(
    organizationId: string,
    importId: string,
    { sheet: fromSheet, row: fromRow }: Place,
    only: number | undefined,
  ): AsyncGenerator<UnpackedRow & { sheet: number }> {
    let from = { sheet: fromSheet, row: fromRow };
    for (;;) {
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
        for (const row of unpackRows(rows))
          if (sheet > from.sheet || row.row > from.row) yield { sheet, ...row };
      const last = chunks.at(-1);
      if (last === undefined || chunks.length < CHUNKS) return;
      from = { sheet: last.sheet, row: last.lastRow };
    }
  }

  private async readLongTexts(
    organizationId: string,
    importId: string,
    wanted: ReadonlyMap<number, ReadonlySet<number>>,
  ): Promise<LongTexts> {
    const blocks = [...wanted.keys()];
    const found = new Map<number, Map<number, string>>();
    for (let start = 0; start < blocks.length; start += BLOCKS) {
      const rows = await this.database.client.importText.findMany({
        where: { organizationId, importId, block: { in: blocks.slice(start, start + BLOCKS) } },
      });
      for (const { block, content } of rows) {
        const texts = unpackTexts(content);
        found.set(block, new Map([...wanted.get(block)!].map((index) => [index, texts[index] ?? ''])));
      }
    }
    return found;
  }
}

type LongTexts = ReadonlyMap<number, ReadonlyMap<number, string>>;

/** Where a page begins: after `row`, which is the one before `cutRow` when a row goes on. */
interface Place {
  readonly sheet: number;
  readonly row: number;
  readonly cutRow: number | undefined;
  readonly column: number;
}

function readPlace(cursor: string | undefined): Place {
  if (cursor === undefined) return { sheet: 0, row: 0, cutRow: undefined, column: 0 };
  const [sheet, place] = decodeCursor(cursor, [isSheet, isPlace]) as [string, string];
  const [row, column] = place.split('+').map(Number) as [number, number | undefined];
  if (column === undefined) return { sheet: Number(sheet), row, cutRow: undefined, column: 0 };
  return { sheet: Number(sheet), row: row - 1, cutRow: row, column };
}

function toView({ row, firstColumn, cells }: PageRow, sheet: string, texts: LongTexts): ImportRowView {
  return {
    sheet,
    row,
    ...(firstColumn > 0 && { firstColumn }),
    cells: cells.map((cell) => (typeof cell === 'string' ? cell : (texts.get(cell[0])?.get(cell[1]) ?? ''))),
  };
}
