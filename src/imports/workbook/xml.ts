import { TextDecoder } from 'node:util';
import { SaxesParser } from 'saxes';
import { shown } from './archive.js';
import { dangerousXml } from './doctype-scanner.js';
import type { WorkbookPackage } from './workbook-package.js';
import { damaged } from './workbook-refused.js';

export type Attributes = Readonly<Record<string, string>>;

/** Told of what is read, in its order. Names come without their namespace prefix. */
export interface XmlHandlers {
  open?(name: string, attributes: Attributes): void;
  close?(name: string): void;
  text?(text: string): void;
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1);

/**
 * Reads a part as XML, piece by piece: UTF-8 or UTF-16, no document type and so no entities but the five of XML itself (OWASP
 * XXE prevention; ASVS V1.5.1).
 * @throws WorkbookRefused naming the part; what the handlers throw.
 */
export async function readXml(parts: WorkbookPackage, part: string, handlers: XmlHandlers): Promise<void> {
  const name = shown(part);
  const parser = new SaxesParser({ position: false, xmlns: false });
  let decoder: TextDecoder | undefined;
  parser.on('doctype', () => {
    throw dangerousXml(part);
  });
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && !isEncodingOf(decoder, encoding)) throw wrongEncoding(name);
  });
  parser.on('error', () => {
    throw damaged(`the XML of its part ${name} is broken`);
  });
  parser.on('opentag', ({ name: tag, attributes }) => handlers.open?.(local(tag), attributes));
  parser.on('closetag', ({ name: tag }) => handlers.close?.(local(tag)));
  parser.on('text', (text) => handlers.text?.(text));
  parser.on('cdata', (text) => handlers.text?.(text));
  for await (const bytes of parts.open(part)) {
    decoder ??= new TextDecoder(encodingOf(bytes), { fatal: true });
    parser.write(decode(decoder, bytes, name));
  }
  if (decoder !== undefined) parser.write(decode(decoder, undefined, name));
  parser.close();
}

/** By its byte order mark, or by how `<` is written (XML 1.0, appendix F). */
function encodingOf(beginning: Buffer): string {
  const [first, second] = [beginning[0], beginning[1]];
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c)) return 'utf-16be';
  return 'utf-8';
}

function isEncodingOf(decoder: TextDecoder | undefined, declared: string): boolean {
  const isUtf16 = decoder?.encoding.startsWith('utf-16') === true;
  return (isUtf16 ? /^utf-?16(le|be)?$/i : /^(utf-?8|us-ascii|ascii)$/i).test(declared);
}

function decode(decoder: TextDecoder, bytes: Uint8Array | undefined, part: string): string {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
  } catch {
    throw wrongEncoding(part);
  }
}

const wrongEncoding = (part: string) => damaged(`its part ${part} is not written in UTF-8 or UTF-16`);
