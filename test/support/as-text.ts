/** Rows as one text, to search it; JSON itself knows no `bigint`. */
export function asText(rows: unknown): string {
  return JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}
