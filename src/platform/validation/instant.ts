const INSTANT = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/;

/** Whether `text` is an instant as our answers write it, within the years 1 to 9999 that PostgreSQL reads alike. */
export function isInstant(text: string): boolean {
  if (!INSTANT.test(text) || text.startsWith('0000')) return false;
  const instant = new Date(text);
  // The 31st of February is read as the 3rd of March: only what stays itself is an instant.
  return !Number.isNaN(instant.getTime()) && instant.toISOString() === text;
}
