import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { RandomSource } from '../platform/crypto/random-source.js';
import { Database } from '../platform/database/database.js';
import { isUniqueViolation } from '../platform/database/database-errors.js';
import { OperatorError } from '../platform/errors/operator-error.js';
import { Problem } from '../platform/errors/problem.js';
import { SecurityEvents } from '../platform/events/security-events.js';
import { InputPipe } from '../platform/validation/validation.pipe.js';
import { ImportedPersonDto } from './dto/imported-person.dto.js';
import { readPeople, type PeopleFormat, type PeopleRecord } from './people-file.js';

/** A line that cannot be imported. */
export interface RefusedLine {
  readonly line: number;
  readonly reasons: readonly string[];
}

export interface ImportOptions {
  readonly file: string;
  readonly format: PeopleFormat;
  readonly organizationId: string;
  /** People of one transaction. */
  readonly batchSize: number;
  /** Import the others when some lines are refused. */
  readonly skipRefused: boolean;
  readonly dryRun: boolean;
  /** Told after each batch: how many it held, and how many there are in all. */
  readonly onProgress?: (count: number, total: number) => void;
}

export interface ImportReport {
  /** People of the file that can be imported. */
  readonly accepted: number;
  /** Of them: imported by this run. */
  readonly imported: number;
  /** Of them: imported by an earlier run of the same file. */
  readonly before: number;
  readonly refused: readonly RefusedLine[];
}

type Person = ImportedPersonDto & { readonly line: number };

/**
 * Brings people of another system along, with their hashes of argon2 or bcrypt. The whole file is judged before anything
 * is written; people come in batches, each whole or not at all, with how far the file has come in the same transaction: a
 * run that was killed goes on where it stopped.
 */
@Injectable()
export class PeopleImport {
  private readonly pipe = new InputPipe();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly random: RandomSource,
    private readonly events: SecurityEvents,
  ) {}

  /** @throws OperatorError when the organization does not exist, or the file cannot be read or holds nobody. */
  async run(options: ImportOptions): Promise<ImportReport> {
    const { organizationId } = options;
    const home = await this.database.client.organization.findFirst({ where: { id: organizationId } });
    if (home === null) throw new OperatorError(`There is no organization ${organizationId}.`);
    const fileHash = await hashFile(options.file);
    const earlier = await this.database.client.userImport.findFirst({ where: { organizationId, fileHash } });
    const linesDone = earlier?.linesDone ?? 0;
    const { people, refused } = await this.judge(options, linesDone);
    if (people.length === 0 && refused.length === 0) throw new OperatorError('The file holds nobody.');
    const open = people.filter(({ line }) => line > linesDone);
    const report = { accepted: people.length, before: people.length - open.length, refused };
    if (options.dryRun || (refused.length > 0 && !options.skipRefused)) return { ...report, imported: 0 };
    for (let start = 0; start < open.length; start += options.batchSize) {
      const batch = open.slice(start, start + options.batchSize);
      await this.write(options, fileHash, batch);
      options.onProgress?.(batch.length, open.length);
    }
    return { ...report, imported: open.length };
  }

  /** Judges every line; those that an earlier run has imported may be taken by themselves. */
  private async judge(
    { file, format }: ImportOptions,
    linesDone: number,
  ): Promise<{ people: Person[]; refused: RefusedLine[] }> {
    const people: Person[] = [];
    const refused: RefusedLine[] = [];
    const lineOf = new Map<string, number>();
    for await (const record of readPeople(file, format)) {
      const person = await this.read(record);
      if ('reasons' in person) refused.push(person);
      else if (lineOf.has(person.email))
        refused.push({ line: person.line, reasons: [`email is that of line ${lineOf.get(person.email)}`] });
      else {
        lineOf.set(person.email, person.line);
        people.push(person);
      }
    }
    const taken = await this.findTaken(people.filter(({ line }) => line > linesDone));
    for (const { line, email } of people)
      if (taken.has(email)) refused.push({ line, reasons: ['email is already in use'] });
    return {
      people: people.filter(({ email }) => !taken.has(email)),
      refused: refused.toSorted((a, b) => a.line - b.line),
    };
  }

  private async read(record: PeopleRecord): Promise<Person | RefusedLine> {
    const { line } = record;
    if ('fault' in record) return { line, reasons: [record.fault] };
    try {
      const person = await this.pipe.transform(record.value, { type: 'body', metatype: ImportedPersonDto });
      return { ...(person as ImportedPersonDto), line };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return { line, reasons: (error.errors ?? []).map(({ message }) => message) };
    }
  }

  private async findTaken(people: readonly Person[]): Promise<Set<string>> {
    const taken = new Set<string>();
    for (let start = 0; start < people.length; start += 1000) {
      const emails = people.slice(start, start + 1000).map(({ email }) => email);
      // An address belongs to one account of the whole installation.
      const rows = await this.database.acrossTenants(() =>
        this.database.client.user.findMany({ where: { email: { in: emails } }, select: { email: true } }),
      );
      for (const { email } of rows) taken.add(email);
    }
    return taken;
  }

  private async write(
    { organizationId }: ImportOptions,
    fileHash: Uint8Array<ArrayBuffer>,
    batch: readonly Person[],
  ): Promise<void> {
    const now = this.clock.now();
    const linesDone = batch.at(-1)!.line;
    try {
      await this.database.transaction(async (tx) => {
        await tx.user.createMany({
          data: batch.map(({ email, name, role, locale, passwordHash }) => ({
            id: this.random.id(),
            organizationId,
            email,
            name,
            role,
            locale,
            passwordHash: passwordHash ?? null,
            passwordChangedAt: passwordHash === undefined ? null : now,
            createdAt: now,
          })),
        });
        await tx.userImport.upsert({
          where: { organizationId_fileHash: { organizationId, fileHash } },
          create: { organizationId, fileHash, linesDone, startedAt: now },
          update: { linesDone },
        });
        const details = {
          count: batch.length,
          firstLine: batch[0]!.line,
          lastLine: linesDone,
          by: 'operator',
        };
        this.events.record(tx, { action: 'users.imported', organizationId, details });
      });
    } catch (error) {
      if (isUniqueViolation(error))
        throw new OperatorError('Somebody took an address of the file meanwhile. Run the import again.');
      throw error;
    }
  }
}

async function hashFile(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  } catch (error) {
    throw new OperatorError(`${file} cannot be read: ${(error as Error).message}`);
  }
  return Uint8Array.from(hash.digest());
}
