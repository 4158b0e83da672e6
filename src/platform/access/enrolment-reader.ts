import type { Principal } from './principal.js';

/** Answers who holds an enrolment challenge. Provided by the auth module; the platform knows no module. */
export abstract class EnrolmentReader {
  /** @throws CHALLENGE_REFUSED for every token that is not an open enrolment challenge. */
  abstract getEnrollee(challengeToken: string): Promise<Principal>;
}
