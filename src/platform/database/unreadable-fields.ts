import { AsyncLocalStorage } from 'node:async_hooks';

const scope = new AsyncLocalStorage<true>();
const unreadable = new WeakMap<object, Set<string>>();

/**
 * Runs `work`, and every query it sends before it is settled, so that one value that cannot be decrypted does not hide
 * the others: its field is null, `unreadableFieldsOf` names it, and the alert is raised as ever. For lists, and for what
 * replaces a value; whoever needs the value itself reads without this and fails.
 */
export function readingWhatCanBe<T>(work: () => PromiseLike<T>): Promise<T> {
  // Prisma's promises send nothing until they are awaited: that has to happen inside.
  return scope.run(true, async () => work());
}

/** Whether a value that cannot be decrypted is to be passed over here. */
export function mayBeUnreadable(): boolean {
  return scope.getStore() ?? false;
}

/** Notes that a field of a row is null because it cannot be decrypted. */
export function noteUnreadable(row: object, field: string): void {
  const fields = unreadable.get(row);
  if (fields === undefined) unreadable.set(row, new Set([field]));
  else fields.add(field);
}

/** The fields of a row, as the client returned it, that hold a value which cannot be decrypted; in their order there. */
export function unreadableFieldsOf(row: object): string[] {
  return [...(unreadable.get(row) ?? [])];
}
