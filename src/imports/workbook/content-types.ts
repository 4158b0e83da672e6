import { readXml } from './xml.js';
import type { WorkbookPackage } from './workbook-package.js';

export const CONTENT_TYPES = '[Content_Types].xml';

/** What each part says it is, by its name or by its extension (ECMA-376 part 2, §7.2.3). */
export class ContentTypes {
  private readonly byName = new Map<string, string>();
  private readonly byExtension = new Map<string, string>();

  /** @throws WorkbookRefused */
  static async read(parts: WorkbookPackage): Promise<ContentTypes> {
    const types = new ContentTypes();
    await readXml(parts, CONTENT_TYPES, {
      open: (name, { PartName, Extension, ContentType = '' }) => {
        if (name === 'Override' && PartName !== undefined)
          types.byName.set(PartName.replaceAll('\\', '/').replace(/^\/*/, '').toLowerCase(), ContentType);
        if (name === 'Default' && Extension !== undefined)
          types.byExtension.set(Extension.toLowerCase(), ContentType);
      },
    });
    return types;
  }

  /** Empty when nothing says it. */
  of(part: string): string {
    const name = part.toLowerCase();
    const extension = name.slice(name.lastIndexOf('.') + 1);
    return this.byName.get(name) ?? this.byExtension.get(extension) ?? '';
  }
}
