import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { IntegrationsService } from '../integrations/integrations.service.js';
import type { Principal } from '../platform/access/principal.js';
import { addSeconds, Clock } from '../platform/clock/clock.js';
import { Config } from '../platform/config/config.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Database } from '../platform/database/database.js';
import type { Import, Prisma } from '../platform/database/generated/client.js';
import { forbidden, notFound } from '../platform/errors/platform.errors.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import type { ClientContext } from '../platform/http/client-context.js';
import { decodeIdCursor, toPage, type Page, type PageRequest } from '../platform/http/page.js';
import type { UploadedFile } from '../platform/http/upload.js';
import { Jobs } from '../platform/jobs/jobs.js';
import { harmlessFileName } from './file-name.js';
import { toImportView, type ImportView } from './import-view.js';
import { fileRefused, quotaExceeded } from './imports.errors.js';
import { WorkbookRefused } from './workbook/workbook-refused.js';
import { WorkbookParser } from './workbook-parser.js';

const XLSX_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
/** What programs send that know no better. */
const UNKNOWN_TYPES = new Set([
  'application/octet-stream',
  'application/zip',
  'application/x-zip-compressed',
]);
const MIB = 1024 * 1024;
/** Bytes of the file in one row: key rotation holds hundreds of them at once. */
const PART_BYTES = 48 * 1024;
const PARTS_PER_STATEMENT = 16;
/** An upload that takes longer is answered before it is done. */
const ANSWER_AFTER_MS = 2000;
const INTERRUPTED = 'Reading was interrupted. Upload the file again.';

/** Takes in workbooks: judged, parsed apart, kept encrypted, whole or not at all (L-S3). */
@Injectable()
export class ImportsService implements OnModuleDestroy {
  private readonly logger = new Logger(ImportsService.name);
  private readonly running = new Set<Promise<unknown>>();

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
    jobs.add({ name: 'interrupted imports', everySeconds: 300, run: () => this.endInterrupted() });
  }

  /**
   * Keeps a file and reads its rows.
   * @returns the import: `READY`, or still `PARSING` when that takes longer than two seconds.
   * @throws FILE_REFUSED, QUOTA_EXCEEDED, UNAVAILABLE; nothing is kept then.
   */
  async upload(
    principal: Principal,
    integrationId: string,
    file: UploadedFile,
    client: ClientContext,
  ): Promise<ImportView> {
    assertNamedLikeWorkbook(file);
    const row = await this.begin(principal, integrationId, file, client);
    const work = this.read(row, file.bytes);
    this.running.add(work);
    // From here on the work tells its outcome by the row, too.
    const settled = work.then(
      () => 'done' as const,
      (error: unknown) => ({ error }),
    );
    void settled.finally(() => this.running.delete(work));
    const patience = new AbortController();
    const outcome = await Promise.race([
      settled,
      delay(ANSWER_AFTER_MS, 'late' as const, { signal: patience.signal, ref: false }).catch(
        () => 'late' as const,
      ),
    ]);
    patience.abort();
    if (outcome === 'done') return this.get(principal, integrationId, row.id);
    if (outcome === 'late') {
      void settled.then((later) => (later === 'done' ? undefined : this.noteFailure(row, later.error)));
      return toImportView(row);
    }
    await this.forget(row);
    throw outcome.error instanceof WorkbookRefused
      ? fileRefused({ reason: outcome.error.reason, detail: outcome.error.message })
      : outcome.error;
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

  /** The file as it came. @throws NOT_FOUND, also when it was refused later. */
  async download(
    principal: Principal,
    integrationId: string,
    id: string,
  ): Promise<{ fileName: string; bytes: Buffer }> {
    const { fileName, status } = await this.find(principal, integrationId, id);
    if (status === 'REFUSED') throw notFound();
    const { organizationId } = principal;
    const parts = await this.database.client.importPart.findMany({
      where: { organizationId, importId: id },
      orderBy: { position: 'asc' },
    });
    return { fileName, bytes: Buffer.concat(parts.map(({ content }) => Buffer.from(content, 'base64'))) };
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
    { name, bytes, sha256 }: UploadedFile,
    client: ClientContext,
  ): Promise<Import> {
    const { quotaMiB } = this.config.imports;
    const id = this.random.id();
    const fileName = harmlessFileName(name);
    return this.database.transaction(async (tx) => {
      const { _sum: used } = await tx.import.aggregate({ where: { organizationId }, _sum: { bytes: true } });
      if ((used.bytes ?? 0) + bytes.length > quotaMiB * MIB) throw quotaExceeded();
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
          sha256: Uint8Array.from(sha256),
          status: 'PARSING',
          createdBy: userId,
          createdAt: this.clock.now(),
        },
      });
    });
  }

  /** Reads the rows, keeps them and the file, and says so last. */
  private async read({ id: importId, organizationId }: Import, file: Buffer): Promise<void> {
    const sheets = await this.parser.parse(file, async (chunk) => {
      await this.database.client.importChunk.create({
        data: { id: this.random.id(), organizationId, importId, ...chunk },
        select: { id: true },
      });
    });
    for (let start = 0; start < file.length; start += PART_BYTES * PARTS_PER_STATEMENT) {
      const end = Math.min(file.length, start + PART_BYTES * PARTS_PER_STATEMENT);
      const data: Prisma.ImportPartCreateManyInput[] = [];
      for (let from = start; from < end; from += PART_BYTES)
        data.push({
          id: this.random.id(),
          organizationId,
          importId,
          position: from / PART_BYTES,
          content: file.subarray(from, Math.min(end, from + PART_BYTES)).toString('base64'),
        });
      await this.database.client.importPart.createMany({ data });
    }
    await this.database.client.import.updateMany({
      where: { id: importId, organizationId },
      data: { status: 'READY', sheets: sheets as unknown as Prisma.InputJsonArray },
    });
  }

  /** Of a file that was never accepted nothing stays but the trail. */
  private async forget({ id, organizationId }: Import): Promise<void> {
    await this.database.client.import.deleteMany({ where: { id, organizationId } });
  }

  /** The uploader has gone: the row says what became of the file. */
  private async noteFailure({ id, organizationId }: Import, error: unknown): Promise<void> {
    const isRefused = error instanceof WorkbookRefused;
    if (!isRefused) this.logger.error(`the import ${id} failed`, error);
    try {
      await this.database.transaction(async (tx) => {
        const where = { organizationId, importId: id };
        await tx.importChunk.deleteMany({ where });
        await tx.importPart.deleteMany({ where });
        const refusal = isRefused ? error.message : INTERRUPTED;
        await tx.import.updateMany({
          where: { id, organizationId },
          data: { status: 'REFUSED', refusal, bytes: 0 },
        });
      });
    } catch (failure) {
      this.logger.warn(`the import ${id} waits to be tidied up: ${(failure as Error).message}`);
    }
  }

  /** Files whose process died while it read them. */
  private async endInterrupted(): Promise<void> {
    const { timeoutSeconds } = this.config.imports;
    const before = addSeconds(this.clock.now(), -(2 * timeoutSeconds + 600));
    // Of whatever organization: this is nobody's request.
    const stale = await this.database.acrossTenants(() =>
      this.database.client.import.findMany({
        where: { status: 'PARSING', createdAt: { lt: before } },
        take: 100,
      }),
    );
    for (const row of stale) await this.noteFailure(row, new WorkbookRefused('damaged', INTERRUPTED));
  }
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
