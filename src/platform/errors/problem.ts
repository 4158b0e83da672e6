/** One field of a refused input. */
export interface FieldFault {
  /** Path of the field, for example `email` or `config.shop`. */
  readonly field: string;
  /** Stable, snake_case, for example `too_short`. */
  readonly code: string;
  /** A sentence for the person. */
  readonly message: string;
}

/** What a problem may carry besides its code. */
export interface ProblemFacts {
  /** Replaces the definition's sentence; must be safe to show. */
  readonly detail?: string;
  readonly errors?: readonly FieldFault[];
  /** Stable word that says which of several causes it was, where a code has them. */
  readonly reason?: string;
  /** That a solved proof of work opens what this refuses. */
  readonly captcha?: true;
  /** Whole seconds until another try makes sense; also sent as `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** For the log only, never for the client. */
  readonly cause?: unknown;
}

/** A row of a module's error table. */
export interface ProblemDefinition {
  /** Stable code of the contract (§1). */
  readonly code: string;
  readonly status: number;
  readonly title: string;
  /** Sentence that is safe to show to anybody. */
  readonly detail: string;
}

/** An error a caller may see: becomes an RFC 9457 problem document in `ProblemFilter`. */
export class Problem extends Error {
  readonly detail: string;
  readonly errors: readonly FieldFault[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly reason: string | undefined;
  readonly captcha: true | undefined;

  constructor(
    readonly definition: ProblemDefinition,
    facts: ProblemFacts = {},
  ) {
    super(definition.code, { cause: facts.cause });
    this.name = 'Problem';
    this.detail = facts.detail ?? definition.detail;
    this.errors = facts.errors;
    this.retryAfterSeconds = facts.retryAfterSeconds;
    this.reason = facts.reason;
    this.captcha = facts.captcha;
  }

  get code(): string {
    return this.definition.code;
  }
}

const definitions = new Map<string, ProblemDefinition>();

/**
 * Declares an error once and returns its maker: `throw notFound()`.
 * @throws Error when the code is declared twice.
 */
export function defineProblem(
  code: string,
  status: number,
  title: string,
  detail: string,
): (facts?: ProblemFacts) => Problem {
  if (definitions.has(code)) throw new Error(`the error code ${code} is declared twice`);
  const definition: ProblemDefinition = { code, status, title, detail };
  definitions.set(code, definition);
  return (facts) => new Problem(definition, facts);
}

/** Every declared error, for the docs and for the test that pins the codes. */
export function listProblemDefinitions(): ProblemDefinition[] {
  return [...definitions.values()].toSorted((a, b) => a.code.localeCompare(b.code));
}
