import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { IntegrationsService } from '../integrations/integrations.service.js';
import type { Principal } from '../platform/access/principal.js';
import { Clock } from '../platform/clock/clock.js';
import { Config } from '../platform/config/config.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Database, type Transaction } from '../platform/database/database.js';
import type { Import, Prisma } from '../platform/database/generated/client.js';
import { conflict, forbidden, notFound } from '../platform/errors/platform.errors.js';
import { Problem } from '../platform/errors/problem.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { decodeIdCursor, toPage, type Page, type PageRequest } from '../platform/http/page.js';
import type { UploadedFile } from '../platform/http/upload.js';
import { Jobs } from '../platform/jobs/jobs.js';
import { harmlessFileName } from './file-name.js';
import { toImportView, type ImportView } from './import-view.js';
import { fileRefused, quotaExceeded } from './imports.errors.js';
import { storedSize } from './workbook/row-packing.js';
import { WorkbookRefused } from './workbook/workbook-refused.js';
import { WorkbookParser, type ParsedWorkbook } from './workbook-parser.js';

const XLSX_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
/** What programs send that know no better. */
const UNKNOWN_TYPES = new Set([
  'application/octet-stream',
  'application/zip',
  'application/x-zip-compressed',
]);
/** Bytes of the file in one row: key rotation holds hundreds of them at once. */
const PART_BYTES = 48 * 1024;
const PARTS_PER_STATEMENT = 16;
const INTERRUPTED = 'Reading was interrupted. Upload the file again.';

/** Takes in workbooks: judged, parsed apart, kept encrypted, whole or not at all (L-S3). */
@Injectable()
export class ImportsService implements OnModuleDestroy {
  private readonly logger = new Logger(ImportsService.name);
  private readonly running = new Set<Promise<unknown>>();
  /** An upload that takes longer is answered before it is done: proxies give up after 30 or 60 seconds. */
  private readonly answerAfterMs: number = 10_000;

  constructor(
    private readonly database: Database,
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly events: SecurityEvents,
    private readonly parser: WorkbookParser,
    private readonly integrations: IntegrationsService,
    jobs: Jobs,
  ) {
    jobs.add({
      name: 'interrupted imports',
      everySeconds: 60,
      runsAtStart: true,
      run: () => this.endInterrupted(),
    });
  }

  /**
   * Keeps a file and reads its rows.
   * @returns the import: `READY`, or still `PARSING` when that takes longer than ten seconds.
   * @throws FILE_REFUSED, QUOTA_EXCEEDED, UNAVAILABLE; nothing is kept then.
   */
  async upload(
    principal: Principal,
    integrationId: string,
    file: UploadedFile,
    client: ClientContext,
  ): Promise<ImportView> {
    assertNamedLikeWorkbook(file);
    const id = this.random.id();
    let row: Import | undefined;
    // Whoever else finds the row knows by the lock whether somebody is still at it.
    const work = this.database.exclusively(lockOf(id), async () => {
      row = await this.begin(principal, integrationId, id, file, client);
      await this.read(row, file.bytes);
    });
    // From here on the work tells its outcome by the row, too.
    const settled = work.then(
      () => 'done' as const,
      (error: unknown) => ({ error }),
    );
    const patience = new AbortController();
    const outcome = await this.whileRunning(
      settled,
      Promise.race([
        settled,
        delay(this.answerAfterMs, 'late' as const, { signal: patience.signal, ref: false }).catch(
          () => 'late' as const,
        ),
      ]),
    );
    patience.abort();
    if (outcome === 'done') return this.get(principal, integrationId, id);
    if (outcome === 'late' && row !== undefined) {
      const late = row;
      const noted = settled.then((end) => (end === 'done' ? undefined : this.noteFailure(late, end.error)));
      void this.whileRunning(noted, noted);
      return toImportView(late);
    }
    const failure = outcome === 'late' ? await settled : outcome;
    if (failure === 'done') return this.get(principal, integrationId, id);
    if (row !== undefined) await this.forget(row);
    throw failure.error instanceof WorkbookRefused
      ? fileRefused({ reason: failure.error.reason, detail: failure.error.message })
      : failure.error;
  }

  /** The files of an integration, newest first. @throws NOT_FOUND */
  async list(
    principal: Principal,
    integrationId: string,
    { limit, cursor }: PageRequest,
  ): Promise<Page<ImportView>> {
    const before = decodeIdCursor(cursor);
    const { organizationId } = principal;
    await this.integrations.assertExists(organizationId, integrationId);
    const rows = await this.database.client.import.findMany({
      where: { organizationId, integrationId, ...(before !== undefined && { id: { lt: before } }) },
      orderBy: { id: 'desc' },
      take: limit + 1,
    });
    return toPage(rows, limit, (row) => [row.id], toImportView);
  }

  /** @throws NOT_FOUND */
  async get(principal: Principal, integrationId: string, id: string): Promise<ImportView> {
    return toImportView(await this.find(principal, integrationId, id));
  }

  /**
   * The file as it came, piece by piece: never the whole of it in memory.
   * @throws NOT_FOUND, also when it was refused later; CONFLICT while it is being read.
   */
  async download(
    principal: Principal,
    integrationId: string,
    id: string,
  ): Promise<{ fileName: string; bytes: number; content: AsyncIterable<Buffer> }> {
    const { fileName, bytes, status } = await this.find(principal, integrationId, id);
    if (status === 'REFUSED') throw notFound();
    if (status === 'PARSING') throw conflict({ detail: 'The file is still being read.' });
    return { fileName, bytes, content: this.readFile(principal.organizationId, id) };
  }

  private async *readFile(organizationId: string, importId: string): AsyncGenerator<Buffer> {
    for (let position = 0; ; position += PARTS_PER_STATEMENT) {
      const parts = await this.database.client.importPart.findMany({
        where: { organizationId, importId, position: { gte: position, lt: position + PARTS_PER_STATEMENT } },
        orderBy: { position: 'asc' },
      });
      for (const { content } of parts) yield Buffer.from(content, 'base64');
      if (parts.length < PARTS_PER_STATEMENT) return;
    }
  }

  /** For administrators and for whoever uploaded it. @throws NOT_FOUND, FORBIDDEN */
  async remove(
    principal: Principal,
    integrationId: string,
    id: string,
    client: ClientContext,
  ): Promise<void> {
    const { organizationId, userId: actorId, role } = principal;
    const { createdBy, fileName } = await this.find(principal, integrationId, id);
    if (role !== 'ADMIN' && createdBy !== actorId) throw forbidden();
    await this.database.transaction(async (tx) => {
      const { count } = await tx.import.deleteMany({ where: { id, organizationId, integrationId } });
      if (count === 0) throw notFound();
      this.events.record(tx, {
        action: 'import.deleted',
        organizationId,
        actorId,
        targetId: id,
        client,
        details: { integrationId, fileName },
      });
    });
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.allSettled(this.running);
  }

  private async find({ organizationId }: Principal, integrationId: string, id: string): Promise<Import> {
    const row = await this.database.client.import.findFirst({
      where: { id, organizationId, integrationId },
    });
    if (row === null) throw notFound();
    return row;
  }

  private async begin(
    { organizationId, userId }: Principal,
    integrationId: string,
    id: string,
    { name, bytes, sha256 }: UploadedFile,
    client: ClientContext,
  ): Promise<Import> {
    const fileName = harmlessFileName(name);
    const storedBytes = storedSizeOfFile(bytes.length);
    return this.database.transaction(async (tx) => {
      await this.assertRoom(tx, organizationId, storedBytes);
      this.events.record(tx, {
        action: 'import.uploaded',
        organizationId,
        actorId: userId,
        targetId: id,
        client,
        details: { integrationId, fileName, bytes: bytes.length, sha256: sha256.toString('hex') },
      });
      return tx.import.create({
        data: {
          id,
          organizationId,
          integrationId,
          fileName,
          bytes: bytes.length,
          storedBytes,
          sha256: Uint8Array.from(sha256),
          status: 'PARSING',
          createdBy: userId,
          createdAt: this.clock.now(),
        },
      });
    });
  }

  /**
   * Until the transaction ends nobody else of the organization is asked: uploads side by side cannot share one room.
   * @throws QUOTA_EXCEEDED
   */
  private async assertRoom(tx: Transaction, organizationId: string, moreBytes: number): Promise<void> {
    await this.database.forTenant(
      organizationId,
      () =>
        tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('benteng import quota ' || ${organizationId}, 0))`,
    );
    const { _sum: used } = await tx.import.aggregate({
      where: { organizationId },
      _sum: { storedBytes: true },
    });
    if (Number(used.storedBytes ?? 0) + moreBytes > this.config.imports.quotaBytes) throw quotaExceeded();
  }

  /** Has the whole judged, books its room, keeps rows and file, and says so last. */
  private async read(row: Import, file: Buffer): Promise<void> {
    const where = { id: row.id, organizationId: row.organizationId, status: 'PARSING' as const };
    await this.parser.parse(file, async (workbook) => {
      await this.database.transaction(async (tx) => {
        await this.assertRoom(tx, row.organizationId, workbook.storedBytes);
        const storedBytes = row.storedBytes + BigInt(workbook.storedBytes);
        const { count } = await tx.import.updateMany({ where, data: { storedBytes } });
        // Somebody deleted it, or took us for dead.
        if (count === 0) throw notFound();
      });
      try {
        await this.keep(row, file, workbook);
      } catch (error) {
        if ((await this.database.client.import.count({ where })) === 0) throw notFound();
        throw error;
      }
      const sheets = workbook.sheets as unknown as Prisma.InputJsonArray;
      const { count } = await this.database.client.import.updateMany({
        where,
        data: { status: 'READY', sheets },
      });
      if (count === 0) throw notFound();
    });
  }

  private async keep(
    { id: importId, organizationId }: Import,
    file: Buffer,
    { chunks, texts }: ParsedWorkbook,
  ): Promise<void> {
    const { client } = this.database;
    const keys = () => ({ id: this.random.id(), organizationId, importId });
    for (const some of inGroups(chunks))
      await client.importChunk.createMany({ data: some.map((chunk) => ({ ...keys(), ...chunk })) });
    for (const some of inGroups(texts))
      await client.importText.createMany({ data: some.map((block) => ({ ...keys(), ...block })) });
    for (const some of inGroups(cutFile(file)))
      await client.importPart.createMany({
        data: some.map(({ position, bytes }) => ({
          ...keys(),
          position,
          content: bytes.toString('base64'),
        })),
      });
  }

  /** The end of the process waits for `work`. */
  private async whileRunning<T>(work: Promise<unknown>, result: Promise<T>): Promise<T> {
    this.running.add(work);
    void work.finally(() => this.running.delete(work));
    return result;
  }

  /** Of a file that was never accepted nothing stays but the trail. */
  private async forget({ id, organizationId }: Import): Promise<void> {
    await this.database.client.import.deleteMany({ where: { id, organizationId } });
  }

  /** The uploader has gone: the row says what became of the file. */
  private async noteFailure({ id, organizationId }: Import, error: unknown): Promise<void> {
    const isMeant = error instanceof WorkbookRefused || error instanceof Problem;
    if (!isMeant) this.logger.error(`the import ${id} failed`, error);
    const refusal = refusalOf(error);
    try {
      await this.database.transaction(async (tx) => {
        const where = { organizationId, importId: id };
        await tx.importChunk.deleteMany({ where });
        await tx.importText.deleteMany({ where });
        await tx.importPart.deleteMany({ where });
        await tx.import.updateMany({
          where: { id, organizationId, status: 'PARSING' },
          data: { status: 'REFUSED', refusal, storedBytes: 0 },
        });
      });
    } catch (failure) {
      this.logger.warn(`the import ${id} waits to be tidied up: ${(failure as Error).message}`);
    }
  }

  /** Files whose process died while it read them: nobody holds their lock, which ends with its process. */
  private async endInterrupted(): Promise<void> {
    // Of whatever organization: this is nobody's request.
    const unfinished = await this.database.acrossTenants(() =>
      this.database.client.import.findMany({ where: { status: 'PARSING' }, take: 100 }),
    );
    for (const row of unfinished)
      await this.database.exclusively(lockOf(row.id), () =>
        this.noteFailure(row, new WorkbookRefused('damaged', INTERRUPTED)),
      );
  }
}

/** Held by whoever reads the file. */
const lockOf = (id: string): string => `import ${id}`;

/** In words for people. */
function refusalOf(error: unknown): string {
  if (error instanceof WorkbookRefused) return error.message;
  return error instanceof Problem && error.code === 'QUOTA_EXCEEDED' ? error.detail : INTERRUPTED;
}

function* inGroups<T>(items: Iterable<T>): Generator<T[]> {
  let group: T[] = [];
  for (const item of items) {
    group.push(item);
    if (group.length < PARTS_PER_STATEMENT) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

function* cutFile(file: Buffer): Generator<{ position: number; bytes: Buffer }> {
  for (let from = 0; from < file.length; from += PART_BYTES)
    yield { position: from / PART_BYTES, bytes: file.subarray(from, from + PART_BYTES) };
}

/** What a file of this size takes in the database: parts in base64, encrypted. */
function storedSizeOfFile(bytes: number): number {
  const base64 = (part: number): number => Math.ceil(part / 3) * 4;
  const full = Math.floor(bytes / PART_BYTES);
  return full * storedSize(base64(PART_BYTES)) + storedSize(base64(bytes % PART_BYTES));
}

/** What a file claims to be; what it is, the parser finds out. @throws FILE_REFUSED */
function assertNamedLikeWorkbook({ name, contentType, bytes }: UploadedFile): void {
  const refuse = (reason: string, detail: string) => fileRefused({ reason, detail });
  if (!/\.xlsx$/i.test(name.trim())) throw refuse('wrong_extension', 'Only .xlsx workbooks are accepted.');
  const type = contentType.toLowerCase().split(';', 1)[0]!.trim();
  if (type !== XLSX_TYPE && !UNKNOWN_TYPES.has(type))
    throw refuse('wrong_type', `Only .xlsx workbooks are accepted, and this was sent as something else.`);
  if (bytes.length === 0) throw refuse('not_a_workbook', 'The file is empty.');
}
