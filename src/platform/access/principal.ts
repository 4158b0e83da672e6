/** What a person may do inside the organization. */
export type RoleName = 'ADMIN' | 'USER';

/** The role of an account's row, whose table allows no other text. */
export function roleOf({ role }: { role: string }): RoleName {
  return role as RoleName;
}

/** What a service key may open (contract §5). */
export const SERVICE_SCOPES = [
  'tokens:introspect',
  'credentials:read',
  'webhooks:read',
  'balance:debit',
] as const;
export type ServiceScopeName = (typeof SERVICE_SCOPES)[number];

/** The authenticated caller of an internal route: a service of the operator, acting for one organization. */
export interface ServicePrincipal {
  readonly keyId: string;
  readonly organizationId: string;
  readonly scopes: readonly string[];
}

/** The authenticated caller: a person behind a live session. Everything but the proofs comes from the database. */
export interface Principal {
  readonly userId: string;
  readonly organizationId: string;
  /** The session; for `via: 'enrolment'` the challenge, which is no session. */
  readonly sessionId: string;
  /** Behind a session, or on the way to one and allowed to enrol a second factor only. */
  readonly via: 'session' | 'enrolment';
  /** Canonical address. */
  readonly email: string;
  readonly role: RoleName;
  /** Runs the installation, and may see what concerns no organization; true for an administrator only. */
  readonly isOperator: boolean;
  /** RFC 8176 values. */
  readonly amr: readonly string[];
  /** When this token's holder last proved a credential: the claim `auth_time`. */
  readonly authenticatedAt: Date;
}
