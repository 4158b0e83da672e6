import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { isRoleName } from './database-roles.js';

/** What PostgreSQL takes by default (`scram_iterations`). */
const ITERATIONS = 4096;
const SALT_BYTES = 16;

/**
 * What PostgreSQL keeps of a password, made here, so that the password itself is in no statement and no log of the
 * server.
 * @returns `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` (RFC 5802 §3, RFC 7677).
 */
export function scramVerifier(password: string, salt = randomBytes(SALT_BYTES)): string {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
  const keyed = (words: string): Buffer => createHmac('sha256', salted).update(words).digest();
  const storedKey = createHash('sha256').update(keyed('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${keyed('Server Key').toString('base64')}`;
}

/**
 * SQL that gives roles their passwords.
 * @param addresses connection addresses, each naming one of the roles and its password.
 * @returns null when an address names another role, or no password of printable ASCII (others would need SASLprep).
 */
export function rolePasswordsSql(roles: readonly string[], addresses: readonly string[]): string | null {
  const statements: string[] = [];
  for (const address of addresses) {
    const { username, password } = new URL(address);
    const [role, text] = [decodeURIComponent(username), decodeURIComponent(password)];
    if (!roles.includes(role) || !isRoleName(role) || !/^[\x20-\x7e]+$/.test(text)) return null;
    statements.push(`ALTER ROLE ${role} PASSWORD '${scramVerifier(text)}';`);
  }
  return statements.join('\n');
}
