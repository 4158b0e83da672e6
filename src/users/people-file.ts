import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parse } from 'csv-parse';
import { OperatorError } from '../platform/errors/operator-error.js';

export type PeopleFormat = 'csv' | 'jsonl';

/** One record of a file, as it stands there. */
export interface PeopleRecord {
  /** Where in the file, from 1. */
  readonly line: number;
  /** What it says; null when the line cannot be read at all. */
  readonly value: Record<string, unknown> | null;
}

/** Records one after the other, however long the file. CSV has a header; an empty cell is a field left out. */
export function readPeople(file: string, format: PeopleFormat): AsyncGenerator<PeopleRecord> {
  return format === 'csv' ? readCsv(file) : readJsonLines(file);
}

async function* readCsv(file: string): AsyncGenerator<PeopleRecord> {
  const parser = createReadStream(file).pipe(
    parse({ columns: true, bom: true, info: true, skip_empty_lines: true, relax_column_count: true }),
  );
  try {
    for await (const entry of parser as AsyncIterable<{
      record: Record<string, string>;
      info: { lines: number };
    }>) {
      const { record, info } = entry;
      const filled = Object.entries(record).filter(([, cell]) => cell !== '');
      yield { line: info.lines, value: Object.fromEntries(filled) };
    }
  } catch (error) {
    throw new OperatorError(`The file is no CSV: ${(error as Error).message}`);
  }
}

async function* readJsonLines(file: string): AsyncGenerator<PeopleRecord> {
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    line += 1;
    if (text.trim() !== '') yield { line, value: parseObject(text) };
  }
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
