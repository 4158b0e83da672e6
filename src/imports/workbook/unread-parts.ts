import type { ContentTypes } from './content-types.js';
import { shown } from './archive.js';
import { dangerousXml, DoctypeScanner } from './doctype-scanner.js';
import { externalLinks, forbiddenContent, forbiddenPart } from './forbidden-parts.js';
import { readRelations, sourceOf } from './relations.js';
import type { WorkbookPackage } from './workbook-package.js';
import { readXml } from './xml.js';

/**
 * Parts that we do not read must not be dangerous for those who download the file: each is unpacked to its end, so that
 * what is kept is what was judged.
 * @throws WorkbookRefused
 */
export async function assertHarmless(parts: WorkbookPackage, types: ContentTypes): Promise<void> {
  for (const name of parts.names) {
    const refusal = forbiddenPart(name, types.of(name));
    if (refusal !== undefined) throw refusal;
  }
  for (const name of parts.names) {
    const source = /\.rels$/i.test(name) ? sourceOf(name) : undefined;
    if (source !== undefined) await readRelations(parts, source);
    else if (isExternalLink(name, types)) await assertOnlyCachedValues(parts, name);
  }
  for (const name of parts.unread()) await scan(parts, name);
}

function isExternalLink(name: string, types: ContentTypes): boolean {
  return /(^|\/)externallinks\/[^/]+$/i.test(name) || /externalLink\+xml/i.test(types.of(name));
}

/** Values of another workbook as they were last seen are text; where it was is in the relations, judged as all are. */
async function assertOnlyCachedValues(parts: WorkbookPackage, name: string): Promise<void> {
  let isFirst = true;
  await readXml(parts, name, {
    open: (element) => {
      if (isFirst ? element !== 'externalLink' : element === 'ddeLink' || element === 'oleLink')
        throw externalLinks(`its part ${shown(name)} is a link`);
      isFirst = false;
    },
  });
}

async function scan(parts: WorkbookPackage, name: string): Promise<void> {
  let scanner: DoctypeScanner | null | undefined;
  for await (const bytes of parts.open(name)) {
    if (scanner === undefined) {
      const refusal = forbiddenContent(name, bytes);
      if (refusal !== undefined) throw refusal;
      scanner = DoctypeScanner.forPart(name, bytes);
    }
    if (scanner?.finds(bytes) === true) throw dangerousXml(name);
  }
}
