import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import type { FastifyRequest } from 'fastify';
import {
  malformedBody,
  payloadTooLarge,
  unsupportedMediaType,
  validationFailed,
} from '../errors/platform.errors.js';
import { Problem } from '../errors/problem.js';

/** Contract §1. */
const FILE_BYTES = 10 * 1024 * 1024;
/** What a form adds around its file. */
const FORM_BYTES = 64 * 1024;

/** What is parsed at once, before others have their turn; the header lines of the file end within the first. */
const SLICE_BYTES = 16 * 1024;

/** A file as it came. */
export interface UploadedFile {
  /** As the client called it: not to be trusted, never a path. */
  readonly name: string;
  /** As the client called it. */
  readonly contentType: string;
  readonly bytes: Buffer;
  readonly sha256: Buffer;
}

/**
 * Reads the one file of a `multipart/form-data`, in the field `file`, of at most 10 MiB, and hands it to `use`; anything
 * else in the form is refused. Nothing is written to disk. The memory of the body counts until `use` is done.
 * @returns what `use` returns.
 * @throws MALFORMED_BODY, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED, UNAVAILABLE, REQUEST_TIMEOUT
 */
export async function withUpload<T>(
  request: FastifyRequest,
  use: (file: UploadedFile) => Promise<T>,
): Promise<T> {
  const contentType = request.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\s*;/i.test(contentType))
    throw unsupportedMediaType({ detail: 'Send the file as multipart/form-data, in the field "file".' });
  const form = openForm(contentType);
  const body = await request.server.bodies.read(request, FILE_BYTES + FORM_BYTES).catch((error: unknown) => {
    throw error instanceof Problem && error.code === 'PAYLOAD_TOO_LARGE' ? tooLarge() : error;
  });
  try {
    return await use(await readFile(form, body.bytes));
  } finally {
    body.release();
  }
}

/**
 * The one file of a form that has come whole. The first thing that is wrong is the answer, and nothing after it is read:
 * a form of a million parts costs as much as one of two. Every stream that the parser opens has a listener for its
 * errors: one without would end the process.
 */
async function readFile(form: BusboyInstance, body: Buffer): Promise<UploadedFile> {
  let isOpen = false;
  let isDecided = false;
  const decided = new Promise<UploadedFile>((resolve, reject) => {
    const refuse = (problem: Problem): void => {
      isDecided = true;
      reject(problem);
    };
    let found: UploadedFile | undefined;
    // The parser's types promise a name and a file name; a client need not send either.
    form.on('file', (field: string | undefined, stream, name: string | undefined, _encoding, contentType) => {
      isOpen = true;
      stream.on('error', () => refuse(brokenForm()));
      if (field !== 'file' || name === undefined) {
        stream.resume();
        refuse(field === 'file' ? namelessFile() : wrongField(field));
        return;
      }
      const pieces: Buffer[] = [];
      const hash = createHash('sha256');
      stream.on('limit', () => refuse(tooLarge()));
      stream.on('data', (piece: Buffer) => {
        pieces.push(piece);
        hash.update(piece);
      });
      stream.on('end', () => {
        found = { name, contentType, bytes: Buffer.concat(pieces), sha256: hash.digest() };
      });
    });
    form.on('partsLimit', () => refuse(notOneFile()));
    form.on('error', () => refuse(brokenForm()));
    form.on('finish', () => {
      if (found === undefined) refuse(wrongForm('file', 'missing', 'file is missing'));
      else resolve(found);
    });
  });
  const feed = async (): Promise<void> => {
    for (let at = 0; at < body.length; at += SLICE_BYTES) {
      await new Promise((written) => form.write(body.subarray(at, at + SLICE_BYTES), written));
      if (isDecided) return;
      // What begins later has no name, or more header lines than a file needs.
      if (!isOpen && at + SLICE_BYTES < body.length) throw headless();
      await setImmediate();
    }
    form.end();
  };
  try {
    return await Promise.race([decided, feed().then(() => decided)]);
  } finally {
    isDecided = true;
    form.destroy();
  }
}

function openForm(contentType: string): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      // Whatever it is, it is told apart by its header lines: the text of a field is never collected.
      isPartAFile: () => true,
      limits: { parts: 1, fileSize: FILE_BYTES, headerPairs: 20, headerSize: 8192 },
    });
  } catch {
    throw brokenForm();
  }
}

const brokenForm = (): Problem =>
  malformedBody({ detail: 'The form cannot be read: its boundary is missing, or it is cut off.' });
const headless = (): Problem =>
  malformedBody({ detail: 'The form does not begin with a file and its few header lines.' });
const notOneFile = (): Problem => wrongForm('file', 'exactly_one', 'send exactly one file');
const tooLarge = (): Problem => payloadTooLarge({ detail: 'A file may have 10 MiB at most.' });
const wrongForm = (field: string, code: string, message: string): Problem =>
  validationFailed({ errors: [{ field: field.slice(0, 100), code, message }] });
const namelessFile = (): Problem =>
  wrongForm('file', 'missing_file_name', 'the part "file" has no file name');
const wrongField = (field: string | undefined): Problem =>
  field === undefined
    ? malformedBody({ detail: 'A part of the form has no name.' })
    : wrongForm(field, 'unknown_field', 'the form has one field, "file", and it is a file');
