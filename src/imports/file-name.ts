const MAX_LENGTH = 150;
const EXTENSION = '.xlsx';

/**
 * A file name fit to be shown: no folders, no control, format or private characters, no characters that file systems
 * give a meaning, not hidden, at most 150 characters. It is never used as a path.
 */
export function harmlessFileName(name: string): string {
  const base = name.normalize('NFC').split(/[/\\]/).at(-1) ?? '';
  const stem = base
    .trim()
    .replace(/\.xlsx$/i, '')
    .replaceAll(/[\p{C}\u2028\u2029<>:"|?*%]/gu, '')
    .replaceAll(/\s+/g, ' ')
    .replace(/^[.\s]+/, '')
    .trim();
  return `${[...stem].slice(0, MAX_LENGTH - EXTENSION.length).join('') || 'workbook'}${EXTENSION}`;
}
