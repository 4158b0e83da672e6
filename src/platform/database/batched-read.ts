import type { Database, Statement } from './database.js';

/** Ids in one statement at most. */
const MAX_BATCH = 200;

interface Batch<Row> {
  readonly ids: Set<string>;
  readonly rows: Promise<ReadonlyMap<string, Row>>;
  close(): void;
}

/**
 * Reads rows by id, many requests' rows in one statement: whoever asks within the same turn of the event loop shares a
 * round trip. It is no cache: the statement is sent after the question was asked, and its answer is used once.
 */
export class BatchedRead<Row extends { id: string }> {
  private open: Batch<Row> | undefined;

  /**
   * @param statement takes an array of ids (`= ANY ($1::uuid[])`) and yields rows with their `id`.
   * @param more further parameters, the same for all ids.
   */
  constructor(
    private readonly database: Database,
    private readonly statement: Statement,
    private readonly more: () => unknown[] = () => [],
  ) {}

  /** The row of that id, as it is now. */
  async find(id: string): Promise<Row | undefined> {
    const batch = (this.open ??= this.begin());
    batch.ids.add(id);
    if (batch.ids.size >= MAX_BATCH) batch.close();
    return (await batch.rows).get(id);
  }

  private begin(): Batch<Row> {
    const ids = new Set<string>();
    let close = (): void => undefined;
    const closed = new Promise<void>((resolve) => {
      // After this turn's requests have been parsed, before the next ones are read.
      const timer = setImmediate(() => close());
      close = () => {
        clearImmediate(timer);
        this.open = undefined;
        resolve();
      };
    });
    const rows = closed.then(async () => {
      const found = await this.database.run<Row>(this.statement, [[...ids], ...this.more()]);
      return new Map(found.map((row) => [row.id, row]));
    });
    return { ids, rows, close };
  }
}
