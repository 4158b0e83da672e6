import { domainToASCII, domainToUnicode } from 'node:url';

const LOCAL_PART = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;

/**
 * The one form of an email address that identity, limits and audit use: trimmed, NFC, lower-cased; local part of
 * printable ASCII (RFC 5321 §4.1.2, dot-atom), domain as IDNA ASCII with at least two labels. Control, zero-width and
 * look-alike characters have no place in it, so they make the address unusable rather than different.
 * @returns null when `text` is no such address; at most 254 characters (RFC 5321 §4.5.3.1).
 */
export function canonicalEmail(text: string): string | null {
  if (text.length > 320) return null;
  const trimmed = text.replace(/^[ \t]+|[ \t]+$/g, '');
  const at = trimmed.lastIndexOf('@');
  const typedLocalPart = trimmed.slice(0, Math.max(at, 0));
  // Judged as typed: NFC and lower case turn look-alikes such as the Kelvin sign into ASCII.
  if (/[^\x21-\x7e]/.test(typedLocalPart)) return null;
  const localPart = typedLocalPart.toLowerCase();
  const domain = canonicalDomain(trimmed.slice(at + 1));
  if (localPart.length > 64 || !LOCAL_PART.test(localPart) || domain === null) return null;
  const email = `${localPart}@${domain}`;
  return email.length <= 254 ? email : null;
}

function canonicalDomain(text: string): string | null {
  // IDNA drops zero-width characters silently; an address that carries them is refused instead.
  if (/[\p{C}\p{Z}%/\\:?#[\]@\u212A]/u.test(text)) return null;
  const lowered = text.normalize('NFC').toLowerCase();
  const ascii = domainToASCII(lowered);
  // IDNA also folds full-width and other look-alike forms into ASCII: only what survives unchanged is accepted.
  const isExact = lowered === ascii || lowered === domainToUnicode(ascii);
  return DOMAIN.test(ascii) && isExact && !mixesScripts(domainToUnicode(ascii)) ? ascii : null;
}

/** Latin letters beside Cyrillic or Greek ones in one label are how look-alike domains are made (UTS #39 §5.2). */
function mixesScripts(domain: string): boolean {
  return domain
    .split('.')
    .some((label) => /\p{sc=Latin}/u.test(label) && /[\p{sc=Cyrillic}\p{sc=Greek}]/u.test(label));
}
