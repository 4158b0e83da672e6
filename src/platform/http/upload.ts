import { createHash } from 'node:crypto';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import type { FastifyRequest } from 'fastify';
import {
  malformedBody,
  payloadTooLarge,
  unsupportedMediaType,
  validationFailed,
} from '../errors/platform.errors.js';
import type { Problem } from '../errors/problem.js';

/** Contract §1. */
const FILE_BYTES = 10 * 1024 * 1024;
/** What a form adds around its file. */
const FORM_BYTES = 64 * 1024;

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
 * Reads the one file of a `multipart/form-data`, in the field `file`, of at most 10 MiB; anything else in the form is
 * refused. Nothing is written to disk, and reading stops with the first fault.
 * @throws MALFORMED_BODY, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
 */
export async function readUpload({ raw }: FastifyRequest): Promise<UploadedFile> {
  if (!/^multipart\/form-data\s*;/i.test(raw.headers['content-type'] ?? ''))
    throw unsupportedMediaType({ detail: 'Send the file as multipart/form-data, in the field "file".' });
  if (Number(raw.headers['content-length'] ?? 0) > FILE_BYTES + FORM_BYTES) throw tooLarge();
  const form = openForm(raw.headers);
  try {
    return await new Promise<UploadedFile>((resolve, reject) => {
      let found: UploadedFile | undefined;
      form.on('file', (field, stream, name, _encoding, contentType) => {
        stream.on('error', () => reject(brokenForm()));
        if (field !== 'file') {
          reject(wrongForm(field, 'unknown_field', 'the form has one field, "file"'));
          return;
        }
        const pieces: Buffer[] = [];
        const hash = createHash('sha256');
        stream.on('limit', () => reject(tooLarge()));
        stream.on('data', (piece: Buffer) => {
          pieces.push(piece);
          hash.update(piece);
        });
        stream.on('end', () => {
          found = { name: name ?? '', contentType, bytes: Buffer.concat(pieces), sha256: hash.digest() };
        });
      });
      form.on('field', (field) =>
        reject(wrongForm(field, 'unknown_field', 'the form has one field, "file", and it is a file')),
      );
      for (const limit of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const)
        form.on(limit, () => reject(wrongForm('file', 'exactly_one', 'send exactly one file')));
      form.on('error', () => reject(brokenForm()));
      form.on('finish', () => {
        if (found === undefined) reject(wrongForm('file', 'missing', 'file is missing'));
        else resolve(found);
      });
      raw.on('aborted', () => reject(brokenForm()));
      raw.on('error', () => reject(brokenForm()));
      raw.pipe(form);
    });
  } finally {
    // What is still under way is not read: Node closes the connection with the answer.
    raw.unpipe(form);
    raw.resume();
    form.destroy();
  }
}

function openForm(headers: FastifyRequest['raw']['headers']): BusboyInstance {
  try {
    return new Busboy({
      headers: { ...headers, 'content-type': headers['content-type'] ?? '' },
      // One part more than is right, so that a second one is noticed and named.
      limits: {
        files: 1,
        fields: 1,
        parts: 2,
        fileSize: FILE_BYTES,
        fieldSize: 1024,
        headerPairs: 20,
        headerSize: 8192,
      },
    });
  } catch {
    throw brokenForm();
  }
}

const brokenForm = (): Problem =>
  malformedBody({ detail: 'The form cannot be read: its boundary is missing, or it is cut off.' });
const tooLarge = (): Problem => payloadTooLarge({ detail: 'A file may have 10 MiB at most.' });
const wrongForm = (field: string, code: string, message: string): Problem =>
  validationFailed({ errors: [{ field: field.slice(0, 100), code, message }] });
