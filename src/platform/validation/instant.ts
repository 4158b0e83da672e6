const INSTANT = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/;

/** Whether `text` is an instant as our answers write it, within the years 1 to 9999 that PostgreSQL reads alike. */
export function isInstant(text: string): boolean {
  return INSTANT.test(text) && !text.startsWith('0000') && !Number.isNaN(Date.parse(text));
}
