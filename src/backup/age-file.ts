import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeWebStream } from 'node:stream/web';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { OperatorError } from '../platform/errors/operator-error.js';

/** What opens a file: a passphrase, or the text of age identity files. */
export interface Opener {
  readonly passphrase?: string;
  readonly identities?: readonly string[];
}

/** Guessing goes on offline for ever: at least this many characters. */
const MIN_PASSPHRASE = 12;

/**
 * Encrypts a stream into a new file in the format of age (age-encryption.org/v1).
 * @param lock a passphrase, or public keys (`age1…`).
 * @param onBytes told how many bytes of the plaintext are done.
 * @returns SHA-256 of the plaintext, and what opens the file again in this process, to check it.
 */
export async function writeAgeFile(
  source: Readable,
  file: string,
  lock: { passphrase?: string | undefined; recipients: readonly string[] },
  onBytes: (doneBytes: number) => void = () => undefined,
): Promise<{ sha256: string; opener: Opener }> {
  const encrypter = new Encrypter();
  let opener: Opener;
  if (lock.recipients.length > 0) {
    // A key of this moment, beside the others, only to read the file back; it is not kept.
    const own = await generateX25519Identity();
    for (const recipient of [...lock.recipients, await identityToRecipient(own)])
      addRecipient(encrypter, recipient);
    opener = { identities: [own] };
  } else {
    const passphrase = lock.passphrase ?? '';
    if ([...passphrase].length < MIN_PASSPHRASE)
      throw new OperatorError(
        `Set BACKUP_PASSPHRASE to at least ${MIN_PASSPHRASE} characters, or name a public key with --recipient.`,
      );
    encrypter.setPassphrase(passphrase);
    opener = { passphrase };
  }
  const hash = createHash('sha256');
  let doneBytes = 0;
  const tee = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      doneBytes += chunk.length;
      onBytes(doneBytes);
      done(null, chunk);
    },
  });
  const read = pipeline(source, tee);
  // Looked at below; should encrypting fail before, this failure is no crash.
  read.catch(() => undefined);
  const encrypted = await encrypter.encrypt(Readable.toWeb(tee) as ReadableStream<Uint8Array>);
  await Promise.all([
    read,
    pipeline(
      Readable.fromWeb(encrypted as NodeWebStream),
      createWriteStream(file, { flags: 'wx', mode: 0o600 }),
    ),
  ]);
  await flush(file);
  return { sha256: hash.digest('hex'), opener };
}

/**
 * Opens such a file as a stream of its plaintext, which fails at its end when the file was cut or altered.
 * @param onBytes told how many bytes of the file, of how many, are done.
 * @throws OperatorError when it is none, or opens with another passphrase or key.
 */
export async function readAgeFile(
  file: string,
  { passphrase, identities = [] }: Opener,
  onBytes: (doneBytes: number, totalBytes: number) => void = () => undefined,
): Promise<Readable> {
  const found = await stat(file).catch((error: unknown) => {
    throw new OperatorError(`The file cannot be read: ${(error as Error).message}`);
  });
  if (!found.isFile()) throw new OperatorError(`The backup must be a file; "${file}" is none.`);
  const handle = await open(file);
  const head = Buffer.alloc(22);
  try {
    await handle.read(head, 0, 22, 0);
  } finally {
    await handle.close();
  }
  if (found.size < 22 || head.toString('latin1') !== 'age-encryption.org/v1\n')
    throw new OperatorError('This file is no backup: it does not begin like a file of age.');
  const decrypter = new Decrypter();
  if (passphrase !== undefined && passphrase !== '') decrypter.addPassphrase(passphrase);
  for (const identity of identities) decrypter.addIdentity(identity);
  if ((passphrase ?? '') === '' && identities.length === 0)
    throw new OperatorError('Set BACKUP_PASSPHRASE, or name a key file with --identity.');
  try {
    const counted = createReadStream(file);
    let doneBytes = 0;
    counted.on('data', (chunk) => onBytes((doneBytes += chunk.length), found.size)).pause();
    const source = Readable.toWeb(counted) as ReadableStream<Uint8Array>;
    return Readable.fromWeb((await decrypter.decrypt(source)) as NodeWebStream);
  } catch (error) {
    throw new OperatorError(
      'The backup cannot be opened: another passphrase or key made it, or it was altered. Nothing was changed.',
      { cause: error },
    );
  }
}

/** The secret keys of a key file of age. @throws OperatorError */
export async function readIdentities(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new OperatorError(`The key file cannot be read: ${(error as Error).message}`);
  });
  const identities = text.split('\n').filter((line) => line.startsWith('AGE-SECRET-KEY-'));
  if (identities.length === 0) throw new OperatorError('The key file holds no AGE-SECRET-KEY.');
  return identities.map((line) => line.trim());
}

function addRecipient(encrypter: Encrypter, recipient: string): void {
  try {
    encrypter.addRecipient(recipient);
  } catch {
    throw new OperatorError(`${recipient} is no public key of age (age1…).`);
  }
}

async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
