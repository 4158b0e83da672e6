import { shown } from './archive.js';
import { externalLinks, forbiddenRelation } from './forbidden-parts.js';
import { resolvePart, type WorkbookPackage } from './workbook-package.js';
import { readXml } from './xml.js';

/** Where a part points to. */
export interface Relation {
  readonly type: string;
  /** Name of a part, which may be missing. */
  readonly target: string;
}

/** What points outside and is not followed: hyperlinks are text, and a missing path leads nowhere. */
const NOT_FOLLOWED = /\/(hyperlink|xlPathMissing)$/;

/**
 * What a part points to, by id. Empty when it points to nothing.
 * @param source name of the part; empty: the package itself.
 * @throws WorkbookRefused when something outside would be followed, or when a part that is there runs.
 */
export async function readRelations(parts: WorkbookPackage, source: string): Promise<Map<string, Relation>> {
  const slash = source.lastIndexOf('/') + 1;
  const file = `${source.slice(0, slash)}_rels/${source.slice(slash)}.rels`;
  const relations = new Map<string, Relation>();
  if (!parts.has(file)) return relations;
  await readXml(parts, file, {
    open: (name, { Id, Type = '', Target = '', TargetMode }) => {
      if (name !== 'Relationship' || Id === undefined) return;
      if (TargetMode === 'External') {
        if (NOT_FOLLOWED.test(Type)) return;
        throw externalLinks(`its part ${shown(file)} points to something outside`);
      }
      const target = resolvePart(source, Target.split('#', 1)[0]!);
      if (parts.has(target)) {
        const refusal = forbiddenRelation(Type, target);
        if (refusal !== undefined) throw refusal;
      }
      relations.set(Id, { type: Type, target });
    },
  });
  return relations;
}

/** The part that a `.rels` is about; undefined for one that is about none. */
export function sourceOf(relationsFile: string): string | undefined {
  const [, folder, source] = /^(|.*\/)_rels\/([^/]*)\.rels$/i.exec(relationsFile) ?? [];
  return folder === undefined || source === undefined ? undefined : `${folder}${source}`;
}
