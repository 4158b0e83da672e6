/** Why a file is no workbook that we read; stable, for machines. */
export type RefusalReason =
  | 'wrong_extension'
  | 'wrong_type'
  | 'old_or_protected'
  | 'not_a_workbook'
  | 'damaged'
  | 'macros'
  | 'external_links'
  | 'embedded_objects'
  | 'dangerous_xml'
  | 'bomb'
  | 'too_many_sheets'
  | 'too_many_rows'
  | 'too_many_columns'
  | 'too_many_cells'
  | 'too_many_strings'
  | 'cell_too_long'
  | 'too_much_text'
  | 'too_much_to_store'
  | 'takes_too_long'
  | 'needs_too_much_memory';

/** A file that is refused, with a sentence for the person who sent it. */
export class WorkbookRefused extends Error {
  constructor(
    readonly reason: RefusalReason,
    message: string,
  ) {
    super(message);
    this.name = 'WorkbookRefused';
  }
}

/** @param what goes on after "The workbook is damaged: ". */
export function damaged(what: string): WorkbookRefused {
  return new WorkbookRefused('damaged', `The workbook is damaged: ${what}.`);
}
