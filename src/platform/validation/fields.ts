import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { registerDecorator, ValidateIf, type ValidationArguments } from 'class-validator';
import { validationFailed } from '../errors/platform.errors.js';
import { canonicalAddress } from '../http/client-address.js';
import { canonicalEmail } from '../identity/email.js';
import { noteFieldSchema, noteOptionalField, type JsonSchema } from './field-schemas.js';
import { isInstant } from './instant.js';
import { isName } from './name.js';
import { isUuid } from './uuid.js';

/** Leaving the field out is fine; `null` is not (unlike class-validator's own `IsOptional`). */
export function Optional(): PropertyDecorator {
  return applyDecorators(
    ValidateIf((_object, value) => value !== undefined),
    (target: object, name: string | symbol) => noteOptionalField(target, name as string),
  );
}

/** A field rule: `code` names the fault, `message` tells it, `holds` decides, `schema` says it to the docs. */
function rule(
  code: string,
  message: (field: string) => string,
  holds: (value: unknown) => boolean,
  schema: JsonSchema,
): PropertyDecorator {
  return (target, propertyName) => {
    noteFieldSchema(target, propertyName as string, schema);
    registerDecorator({
      name: code,
      target: target.constructor,
      propertyName: propertyName as string,
      validator: {
        validate: holds,
        defaultMessage: ({ property }: ValidationArguments) => message(property),
      },
    });
  };
}

const codePoints = (text: string): number => [...text].length;

/** A person's or a company's name: 1 to `max` code points, no control characters, not only white space. */
export function IsName(max = 200): PropertyDecorator {
  return rule(
    'wrong_form',
    (field) => `${field} must be text of 1 to ${max} characters without control characters`,
    (value) => typeof value === 'string' && isName(value, max),
    { type: 'string', minLength: 1, maxLength: max },
  );
}

/** An email address that can be brought into canonical form; the field then holds that form. */
export function IsEmailAddress(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? (canonicalEmail(value) ?? value) : value,
    ),
    rule(
      'wrong_form',
      (field) => `${field} must be an email address such as name@example.com`,
      (value) => typeof value === 'string' && canonicalEmail(value) !== null,
      { type: 'string', format: 'email' },
    ),
  );
}

/** A password as typed: any text of 1 to 1024 UTF-16 units; what a new one must fulfil says the password policy. */
export function IsPasswordText(): PropertyDecorator {
  return rule(
    'wrong_type',
    (field) => `${field} must be text of 1 to 1024 characters`,
    (value) => typeof value === 'string' && value.length > 0 && value.length <= 1024,
    { type: 'string', minLength: 1, maxLength: 1024 },
  );
}

/** An opaque token of ours: base64url, at most 512 characters. */
export function IsOpaqueToken(): PropertyDecorator {
  return rule(
    'wrong_form',
    (field) => `${field} must be the token as it was issued`,
    (value) => typeof value === 'string' && /^[A-Za-z0-9_-]{1,512}$/.test(value),
    { type: 'string', pattern: '^[A-Za-z0-9_-]{1,512}$' },
  );
}

/** Free text of at most `max` code points. */
export function IsText(max: number): PropertyDecorator {
  return rule(
    'wrong_form',
    (field) => `${field} must be text of at most ${max} characters`,
    (value) => typeof value === 'string' && value.length <= max * 2 && codePoints(value) <= max,
    { type: 'string', maxLength: max },
  );
}

/** Text of one form; `description` completes the sentence "<field> must be …". */
export function IsMatching(description: string, matches: (text: string) => boolean): PropertyDecorator {
  return rule(
    'wrong_form',
    (field) => `${field} must be ${description}`,
    (value) => typeof value === 'string' && matches(value),
    { type: 'string', description },
  );
}

/** `true` or `false`, not their names. */
export function IsFlag(): PropertyDecorator {
  return rule(
    'wrong_type',
    (field) => `${field} must be true or false`,
    (value) => typeof value === 'boolean',
    { type: 'boolean' },
  );
}

/** One of the values, exactly; `names`: how they are shown, where that differs. */
export function IsOneOf(values: readonly string[], names = values): PropertyDecorator {
  return rule(
    'not_allowed',
    (field) => `${field} must be ${names.join(' or ')}`,
    (value) => typeof value === 'string' && values.includes(value),
    { type: 'string', enum: names },
  );
}

/** A list of `min` (1) to `max` different texts; `description` completes the sentence "each must be …". */
export function IsListOf(
  max: number,
  description: string,
  matches: (text: string) => boolean,
  min = 1,
): PropertyDecorator {
  return rule(
    'wrong_form',
    (field) => `${field} must be a list of ${min} to ${max} different entries; each must be ${description}`,
    (value) =>
      Array.isArray(value) &&
      value.length >= min &&
      value.length <= max &&
      new Set(value).size === value.length &&
      value.every((item) => typeof item === 'string' && item.length <= 512 && matches(item)),
    {
      type: 'array',
      items: { type: 'string', description },
      minItems: min,
      maxItems: max,
      uniqueItems: true,
    },
  );
}

/** A client address; the field then holds its canonical form. */
export function IsClientAddress(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? (canonicalAddress(value) ?? value) : value,
    ),
    rule(
      'wrong_form',
      (field) => `${field} must be an IPv4 or IPv6 address`,
      (value) => typeof value === 'string' && canonicalAddress(value) !== null,
      { type: 'string', description: 'an IPv4 or IPv6 address' },
    ),
  );
}

/** A UUID; the field then holds its lower-case form. */
export function IsId(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.toLowerCase() : value)),
    rule(
      'wrong_form',
      (field) => `${field} must be a UUID`,
      (value) => typeof value === 'string' && isUuid(value),
      { type: 'string', format: 'uuid' },
    ),
  );
}

/** An instant as our answers write it; the field then holds a Date. */
export function IsInstant(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && isInstant(value) ? new Date(value) : value,
    ),
    rule(
      'wrong_form',
      (field) => `${field} must be an instant such as 2026-01-31T08:00:00.000Z`,
      (value) => value instanceof Date,
      { type: 'string', format: 'date-time' },
    ),
  );
}

/** A JSON object whose text has at most `maxBytes`, without numbers that were rounded when they were read. */
export function IsJsonObject(maxBytes: number): PropertyDecorator {
  return rule(
    'wrong_form',
    (field) =>
      `${field} must be a JSON object of at most ${maxBytes} bytes; whole numbers beyond 2^53 are written as text`,
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Buffer.byteLength(JSON.stringify(value)) <= maxBytes &&
      keepsItsNumbers(value),
    { type: 'object' },
  );
}

/** Beyond 2^53 whole numbers lose digits, beyond 10^308 all of them. Bodies are nested 32 levels deep at most. */
function keepsItsNumbers(value: unknown): boolean {
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  return typeof value !== 'object' || value === null || Object.values(value).every(keepsItsNumbers);
}

/** A whole number of JSON, not its text. */
export function IsWholeNumber(min: number, max: number): PropertyDecorator {
  return rule(
    'wrong_form',
    (field) => `${field} must be a whole number from ${min} to ${max}`,
    (value) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
    { type: 'integer', minimum: min, maximum: max },
  );
}

/** A whole number in a query string, written in digits; the field then holds a number. */
export function IsQueryInteger(min: number, max: number): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && /^(0|[1-9]\d{0,8})$/.test(value) ? Number(value) : value,
    ),
    rule(
      'wrong_form',
      (field) => `${field} must be a whole number from ${min} to ${max}`,
      (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
      { type: 'integer', minimum: min, maximum: max },
    ),
  );
}

/** `true` or `false` in a query string; the field then holds a boolean. */
export function IsQueryBoolean(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      value === 'true' ? true : value === 'false' ? false : value,
    ),
    rule(
      'wrong_form',
      (field) => `${field} must be true or false`,
      (value) => typeof value === 'boolean',
      { type: 'boolean' },
    ),
  );
}

/**
 * For inputs that take one of several fields.
 * @throws VALIDATION_FAILED when none or more than one of `fields` was given.
 */
export function assertExactlyOne<T extends object>(input: T, fields: (keyof T & string)[]): void {
  if (fields.filter((field) => input[field] !== undefined).length === 1) return;
  const message = `exactly one of ${fields.join(' and ')} must be given`;
  throw validationFailed({ errors: fields.map((field) => ({ field, code: 'exactly_one', message })) });
}
