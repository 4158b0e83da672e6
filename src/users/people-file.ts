import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { OperatorError } from '../platform/errors/operator-error.js';
import { repeatedName } from '../platform/json/json-text.js';
import { readTextLines } from './text-lines.js';

export type PeopleFormat = 'csv' | 'jsonl';

/**
 * One record of a file, as it stands there, or why it cannot be read. `line` is where, from 1; the last line of a record
 * that spans several.
 */
export type PeopleRecord = { readonly line: number } & (
  { readonly value: Record<string, unknown> } | { readonly fault: string }
);

/** The columns of a CSV file; the others may be left out. */
const COLUMNS = ['email', 'name', 'role', 'locale', 'passwordHash'];
const REQUIRED = ['email', 'name'];
const MAX_RECORD_BYTES = 64 * 1024;

/**
 * Records one after the other, however long the file. CSV has a header; an empty cell is a field left out.
 * @throws OperatorError when the file is none of this format: wrong encoding, no header, a quote that is never closed.
 */
export function readPeople(file: string, format: PeopleFormat): AsyncGenerator<PeopleRecord> {
  return format === 'csv' ? readCsv(file) : readJsonLines(file);
}

async function* readCsv(file: string): AsyncGenerator<PeopleRecord> {
  const text = Readable.from(withLineEnds(file), { objectMode: false });
  const parser = parse({
    info: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: MAX_RECORD_BYTES,
  });
  // Handed over by the parser, which is what the loop below reads.
  text.on('error', (error) => parser.destroy(error)).pipe(parser);
  let header: string[] | null = null;
  try {
    for await (const entry of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      const { record: cells, info } = entry;
      if (header === null) header = readHeader(cells, info.lines);
      else yield readCells(info.lines, header, cells);
    }
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw new OperatorError(`The file is no CSV: ${(error as Error).message}`, { cause: error });
  } finally {
    text.destroy();
  }
}

async function* withLineEnds(file: string): AsyncGenerator<string> {
  for await (const { text } of readTextLines(file)) yield `${text}\n`;
}

/** @throws OperatorError unless the line names columns of people, each once, and those that are needed. */
function readHeader(cells: readonly string[], line: number): string[] {
  const names = cells.map((cell) => cell.trim());
  const unknown = names.filter((name) => !COLUMNS.includes(name));
  const missing = REQUIRED.filter((name) => !names.includes(name));
  if (unknown.length === 0 && missing.length === 0 && new Set(names).size === names.length) return names;
  const separator = names.length === 1 ? /[;\t|]/.exec(names[0]!)?.[0] : undefined;
  const hint =
    separator === undefined ? '' : ` It is separated by ${JSON.stringify(separator)}, not by commas.`;
  throw new OperatorError(
    `Line ${line} is no header: it must name each column once, of ${COLUMNS.join(', ')}, with ${REQUIRED.join(' and ')} among them.${hint} Nothing was imported.`,
  );
}

/** A comma too many would cut a name in two, one too few would shift a value into another column. */
function readCells(line: number, header: readonly string[], cells: readonly string[]): PeopleRecord {
  if (cells.length !== header.length) {
    const fault = `the line has ${cells.length} cells and the header ${header.length}: a value that holds a comma stands in "quotes"`;
    return { line, fault };
  }
  const filled = header.map((name, column) => [name, cells[column]!]).filter(([, cell]) => cell !== '');
  return { line, value: Object.fromEntries(filled) as Record<string, string> };
}

async function* readJsonLines(file: string): AsyncGenerator<PeopleRecord> {
  for await (const { number: line, text } of readTextLines(file))
    if (text.trim() !== '') yield readObject(line, text);
}

function readObject(line: number, text: string): PeopleRecord {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      // Only the last of two would be read.
      const twice = repeatedName(text);
      if (twice !== undefined) return { line, fault: `the line names ${JSON.stringify(twice)} twice` };
      return { line, value: value as Record<string, unknown> };
    }
  } catch {
    // Said below.
  }
  return { line, fault: 'the line is no JSON object' };
}
