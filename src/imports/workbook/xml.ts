import type { Readable } from 'node:stream';
import { SaxesParser } from 'saxes';
import { damaged } from './workbook-package.js';
import { WorkbookRefused } from './workbook-refused.js';

export type Attributes = Readonly<Record<string, string>>;

/** Told of what is read, in its order. Names come without their namespace prefix. */
export interface XmlHandlers {
  open?(name: string, attributes: Attributes): void;
  close?(name: string): void;
  text?(text: string): void;
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1);

/**
 * Reads XML of a workbook piece by piece: UTF-8 only, no document type and so no entities but the five of XML itself
 * (OWASP XXE prevention; ASVS V1.5.1).
 * @throws WorkbookRefused
 */
export async function readXml(stream: Readable, handlers: XmlHandlers): Promise<void> {
  const parser = new SaxesParser({ position: false, xmlns: false });
  parser.on('doctype', () => {
    throw dangerous();
  });
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8')
      throw damaged('it is not written in UTF-8');
  });
  parser.on('error', () => {
    throw damaged('its XML is broken');
  });
  parser.on('opentag', ({ name, attributes }) => handlers.open?.(local(name), attributes));
  parser.on('closetag', ({ name }) => handlers.close?.(local(name)));
  parser.on('text', (text) => handlers.text?.(text));
  parser.on('cdata', (text) => handlers.text?.(text));
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (bytes: Uint8Array | undefined): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch {
      throw damaged('it is not written in UTF-8');
    }
  };
  try {
    for await (const bytes of stream as AsyncIterable<Buffer>) parser.write(decode(bytes));
    parser.write(decode(undefined));
    parser.close();
  } catch (error) {
    if (error instanceof WorkbookRefused) throw error;
    throw damaged('a part cannot be unpacked');
  } finally {
    stream.destroy();
  }
}

/** For parts that are not read: whether their head declares a document type. @throws WorkbookRefused */
export async function assertHarmlessXml(stream: Readable): Promise<void> {
  try {
    for await (const bytes of stream as AsyncIterable<Buffer>) {
      // NUL falls out, so that UTF-16 hides nothing.
      if (bytes.subarray(0, 8192).toString('latin1').replaceAll('\0', '').includes('<!DOCTYPE'))
        throw dangerous();
      break;
    }
  } catch (error) {
    if (error instanceof WorkbookRefused) throw error;
    throw damaged('a part cannot be unpacked');
  } finally {
    stream.destroy();
  }
}

function dangerous(): WorkbookRefused {
  return new WorkbookRefused(
    'dangerous_xml',
    'The workbook declares a document type or entities, which no workbook needs.',
  );
}
