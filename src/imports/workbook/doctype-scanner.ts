import { shown } from './archive.js';
import { WorkbookRefused } from './workbook-refused.js';

/** Encodings in which markup is ASCII, once the NULs of UTF-16 and UTF-32 have fallen out. */
const READABLE_ENCODING =
  /^(utf-?8|utf-?16(le|be)?|utf-?32(le|be)?|ucs-?2|us-ascii|ascii|iso-?8859-?\d+|latin-?1|windows-\d+|cp125\d|koi8-[ru]|gbk?|gb2312|gb18030|big5|shift[_-]jis|euc-(jp|kr)|ks_c_5601.*)$/i;
/** `<?xm` in EBCDIC. */
const EBCDIC = Buffer.from('4c6fa794', 'hex');
const DECLARATION = /<!(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)/iy;
const MARKUP = /<[!?]/g;
/** Of `<!DOCTYPE`, the longest that must be seen whole, and `<!NOTATION`. */
const LOOK_AHEAD = 10;

/**
 * Looks for document types and entities in XML that is not read, anywhere in it, but not in its comments, CDATA sections and
 * processing instructions. It understands no more than that, so it takes what real programs call XML.
 */
export class DoctypeScanner {
  /** What ends the piece that is being skipped; empty: none. */
  private skippedTo = '';
  private rest = '';

  /**
   * @param beginning its first bytes.
   * @returns null for what is no XML. @throws WorkbookRefused for XML in which nothing can be found.
   */
  static forPart(name: string, beginning: Buffer): DoctypeScanner | null {
    if (beginning.subarray(0, EBCDIC.length).equals(EBCDIC)) throw dangerousXml(name);
    const text = textOf(beginning.subarray(0, 1024)).replace(/^(ï»¿|ÿþ|þÿ)/, '');
    // White space alone: the XML may begin behind it.
    if (!/^\s*(<|$)/.test(text)) return null;
    const encoding = /^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)/i.exec(text)?.[1];
    if (encoding !== undefined && !READABLE_ENCODING.test(encoding)) throw dangerousXml(name);
    return new DoctypeScanner();
  }

  /** Whether there is one, up to the end of `bytes`. */
  finds(bytes: Buffer): boolean {
    const text = this.rest + textOf(bytes);
    let at = 0;
    for (;;) {
      if (this.skippedTo !== '') {
        const end = text.indexOf(this.skippedTo, at);
        if (end < 0) {
          this.rest = text.slice(Math.max(at, text.length - this.skippedTo.length + 1));
          return false;
        }
        at = end + this.skippedTo.length;
        this.skippedTo = '';
      }
      MARKUP.lastIndex = at;
      const open = MARKUP.exec(text)?.index ?? -1;
      if (open < 0 || text.length - open < LOOK_AHEAD) {
        const isWhole = open < 0 && !text.endsWith('<');
        this.rest = isWhole ? '' : text.slice(open < 0 ? -1 : open);
        // What is left may be the end of the part: `<!DOCTYPE` has nine characters.
        return open >= 0 && /^<!DOCTYPE/i.test(text.slice(open));
      }
      DECLARATION.lastIndex = open;
      if (DECLARATION.test(text)) return true;
      if (text.startsWith('<!--', open)) this.skippedTo = '-->';
      else if (text.startsWith('<![CDATA[', open)) this.skippedTo = ']]>';
      else if (text.startsWith('<?', open)) this.skippedTo = '?>';
      at = open + (this.skippedTo === '-->' ? 4 : 2);
    }
  }
}

/** NUL falls out, so that UTF-16 hides nothing. */
function textOf(bytes: Buffer): string {
  return bytes.toString('latin1').replaceAll('\0', '');
}

export function dangerousXml(part: string): WorkbookRefused {
  return new WorkbookRefused(
    'dangerous_xml',
    `The part ${shown(part)} of the workbook declares a document type or entities, which no workbook needs.`,
  );
}
