/** What an access token says, unverified. */
export function claimsOf(token: string): Record<string, unknown> {
  return partOf(token, 1);
}

/** The header of an access token. */
export function headerOf(token: string): Record<string, unknown> {
  return partOf(token, 0);
}

/** A JSON object as one part of a JWT. */
export function toPart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function partOf(token: string, index: number): Record<string, unknown> {
  const part = token.split('.')[index] ?? '';
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;
}
