import { IsMatching, IsName, IsWholeNumber } from '../../platform/validation/fields.js';

/** Tokens of one movement at most; a balance is at most twice this. */
const MAX_AMOUNT = 1_000_000_000;

/** `POST /users/:id/token-balance`, `POST /internal/users/:id/token-balance/debit` */
export class MovementDto {
  /** Tokens. */
  @IsWholeNumber(1, MAX_AMOUNT)
  amount: number;

  @IsName(200)
  reason: string;

  @IsMatching('1 to 128 visible ASCII characters', (text) => /^[\x21-\x7e]{1,128}$/.test(text))
  idempotencyKey: string;
}
