import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { OperatorError } from '../platform/errors/operator-error.js';
import { readAgeFile, type Opener } from './age-file.js';
import { startTool, type Tool } from './dump-tools.js';

/** What a backup holds, known only once it has been read to its end. */
export interface BackupContent {
  readonly database: 'postgresql' | 'embedded';
  readonly sha256: string;
  /** The table of contents of `pg_restore --list`; empty for an embedded database. */
  readonly list: string;
  /** Names of the migrations that had run. */
  readonly migrations: string[];
}

const IS_DUMP = Buffer.from('PGDMP');
const IS_GZIP = Buffer.from([0x1f, 0x8b]);

/** Reads a backup to its end and judges it. @throws OperatorError when it is cut, altered, or none of ours. */
export async function inspectBackup(
  file: string,
  opener: Opener,
  onBytes?: (doneBytes: number, totalBytes: number) => void,
): Promise<BackupContent> {
  const content = await readAgeFile(file, opener, onBytes);
  const hash = createHash('sha256');
  let database: BackupContent['database'] | undefined;
  let tools: Tool[] = [];
  let texts: Promise<string>[] = [];
  try {
    for await (const chunk of content as AsyncIterable<Buffer>) {
      hash.update(chunk);
      if (database === undefined) {
        database = kindOf(chunk);
        if (database === 'postgresql') {
          tools = [['--list'], READ_HISTORY].map((args) => startTool('pg_restore', null, args));
          texts = tools.map(({ output }) => textOf(output));
        }
      }
      for (const tool of tools) await write(tool, chunk);
    }
  } catch (error) {
    for (const tool of tools) tool.kill();
    if (error instanceof OperatorError) throw error;
    throw new OperatorError('The backup was cut or altered. Nothing was changed.', { cause: error });
  }
  if (database === undefined) throw new OperatorError('The backup is empty.');
  for (const tool of tools) tool.input.end();
  const [list = '', history = ''] = await Promise.all(texts);
  await Promise.all(tools.map(({ ended }) => ended));
  const migrations = [...history.matchAll(/\t(\d{14}_\w+)\t/g)].map(([, name]) => name!);
  return { database, sha256: hash.digest('hex'), list, migrations };
}

const READ_HISTORY = ['--data-only', '--schema=benteng', '--table=_prisma_migrations', '--file=-'];

function kindOf(head: Buffer): BackupContent['database'] {
  const begins = (magic: Buffer): boolean => head.subarray(0, magic.length).equals(magic);
  if (begins(IS_DUMP)) return 'postgresql';
  if (begins(IS_GZIP)) return 'embedded';
  throw new OperatorError('This file was encrypted with the right key, but it is no backup of Benteng.');
}

/** Hands a piece over, unless the program has read enough. */
async function write({ input }: Tool, chunk: Buffer): Promise<void> {
  if (input.destroyed || !input.writable || input.write(chunk)) return;
  await new Promise<void>((resolve) => {
    input
      .once('drain', resolve)
      .once('close', resolve)
      .once('error', () => resolve());
  });
}

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream as AsyncIterable<Buffer>) text += chunk.toString('utf8');
  return text;
}
