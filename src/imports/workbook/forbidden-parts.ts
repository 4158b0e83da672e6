import { shown } from './archive.js';
import { WorkbookRefused } from './workbook-refused.js';

/** What runs. */
const macros = (part: string): WorkbookRefused =>
  new WorkbookRefused(
    'macros',
    `The workbook contains macros (${shown(part)}). Save it without them, as .xlsx.`,
  );
const embedded = (part: string): WorkbookRefused =>
  new WorkbookRefused(
    'embedded_objects',
    `The workbook contains an embedded object, control or program (${shown(part)}). Remove it and save it again.`,
  );
/** What reaches out. @param why names the part. */
export const externalLinks = (why: string): WorkbookRefused =>
  new WorkbookRefused(
    'external_links',
    `The workbook takes data from other files or services: ${why}. Break these links and save it again.`,
  );
const connection = (part: string): WorkbookRefused =>
  externalLinks(`its part ${shown(part)} is a data connection`);

type Refusal = (part: string) => WorkbookRefused;

/** Everything else needs no name here: what is not read and does not run harms nobody. */
const BY_NAME: readonly (readonly [RegExp, Refusal])[] = [
  [/vbaproject|(^|\/)macrosheets\/|vbadata|\.vba$/i, macros],
  [/(^|\/)querytables\/|(^|\/)connections\.xml$/i, connection],
  [/(^|\/)(embeddings|activex|webextensions)\/|oleobject[^/]*$/i, embedded],
  [
    /\.(exe|dll|com|scr|msi|bat|cmd|ps1|vbs|vbe|jse?|wsf|hta|jar|lnk|sh|app|xll|xla|xlam|docm|xlsm|pptm)$/i,
    embedded,
  ],
];
const BY_TYPE: readonly (readonly [RegExp, Refusal])[] = [
  [/macroEnabled|vbaProject|macrosheet/i, macros],
  [/queryTable\+xml|connections\+xml/i, connection],
  [/oleObject|activeX|webextension/i, embedded],
];
const BY_RELATION: readonly (readonly [RegExp, Refusal])[] = [
  [/\/(vbaProject|wordVbaData|xlMacrosheet|xlIntlMacrosheet)$/i, macros],
  [/\/(queryTable|connections)$/i, connection],
  [/\/(oleObject|package|control|activeXControlBinary|webextension|webextensiontaskpanes)$/i, embedded],
];

const find = (
  rules: readonly (readonly [RegExp, Refusal])[],
  text: string,
  part: string,
): WorkbookRefused | undefined => rules.find(([pattern]) => pattern.test(text))?.[1](part);

/** Why a part that is there may not be, by its name and by what it says it is. */
export function forbiddenPart(name: string, type: string): WorkbookRefused | undefined {
  return find(BY_NAME, name, name) ?? find(BY_TYPE, type, name);
}

/** Why a part may not be there, by how another one uses it. */
export function forbiddenRelation(type: string, target: string): WorkbookRefused | undefined {
  return find(BY_RELATION, type, target);
}

/** How programs and containers begin, in which anything could be. */
const BEGINNINGS: readonly Buffer[] = [
  Buffer.from('MZ'),
  Buffer.from('\x7fELF', 'latin1'),
  Buffer.from('#!'),
  Buffer.from('PK\x03\x04', 'latin1'),
  Buffer.from('d0cf11e0a1b11ae1', 'hex'),
  ...['feedface', 'feedfacf', 'cefaedfe', 'cffaedfe', 'cafebabe'].map((hex) => Buffer.from(hex, 'hex')),
];

/** The same by its first bytes, whatever it is called. */
export function forbiddenContent(name: string, bytes: Buffer): WorkbookRefused | undefined {
  const isProgram = BEGINNINGS.some((beginning) => bytes.subarray(0, beginning.length).equals(beginning));
  return isProgram ? embedded(name) : undefined;
}
