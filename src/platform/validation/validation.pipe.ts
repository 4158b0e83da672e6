import { Injectable, ValidationPipe, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { validationFailed } from '../errors/platform.errors.js';
import type { FieldFault, Problem } from '../errors/problem.js';
import { isUuid } from './uuid.js';

/** Stable fault codes for class-validator's constraint names; our own decorators name theirs in snake_case already. */
const CODES: Record<string, string> = {
  whitelistValidation: 'unknown_field',
  isString: 'wrong_type',
  isBoolean: 'wrong_type',
  isInt: 'wrong_type',
  isObject: 'wrong_type',
  isEnum: 'not_allowed',
  isIn: 'not_allowed',
  min: 'too_small',
  max: 'too_large',
};

/** What one answer repeats of an input: more faults, or longer names, help nobody and blow the answer up. */
const MAX_FAULTS = 50;
const MAX_FIELD_LENGTH = 100;

/**
 * The one gate for input: strict types, no coercion, unknown fields refused, no NUL and no lone surrogate anywhere
 * (ASVS V2.2.1, V15.3.5). A missing body is judged like an empty object, so that every required field is named.
 */
@Injectable()
export class InputPipe implements PipeTransform {
  private readonly inner = new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => refused(errors.flatMap((error) => toFaults(error))),
  });

  async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'custom') return value;
    if (metadata.type === 'param') return this.identifier(value, metadata);
    const input = value === undefined ? {} : value;
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      throw refused([{ field: '', code: 'wrong_type', message: 'the body must be a JSON object' }]);
    }
    const faults = [...findInheritedNames(input), ...findUnusableText(input)];
    if (faults.length > 0) throw refused(faults);
    return this.inner.transform(input, metadata);
  }

  /** Path parameters are ids; their form is checked so that a wrong one never reaches a query. */
  private identifier(value: unknown, { data }: ArgumentMetadata): string {
    if (typeof value === 'string' && isUuid(value)) return value.toLowerCase();
    throw refused([{ field: data ?? 'id', code: 'wrong_form', message: `${data ?? 'id'} must be a UUID` }]);
  }
}

function refused(faults: readonly FieldFault[]): Problem {
  return validationFailed({ errors: faults.slice(0, MAX_FAULTS) });
}

function toFaults(error: ValidationError, prefix = ''): FieldFault[] {
  const field = shortened(`${prefix}${error.property}`);
  const own = Object.entries(error.constraints ?? {}).map(([name, message]) => {
    const code = CODES[name] ?? name;
    return { field, code, message: name === 'whitelistValidation' ? unknownField(field) : message };
  });
  return [...own, ...(error.children ?? []).flatMap((child) => toFaults(child, `${field}.`))];
}

/** Names that every object inherits (`constructor`, `toString` …): class-transformer drops them without a word. */
function findInheritedNames(input: object): FieldFault[] {
  return Object.keys(input)
    .filter((field) => field === 'prototype' || field in Object.prototype)
    .map((field) => ({ field, code: 'unknown_field', message: unknownField(field) }));
}

function unknownField(field: string): string {
  return `${field} is not a field of this request`;
}

function shortened(field: string): string {
  return field.length <= MAX_FIELD_LENGTH ? field : `${field.slice(0, MAX_FIELD_LENGTH)}…`;
}

/** Text that PostgreSQL or UTF-8 cannot hold: NUL, and halves of surrogate pairs. */
function findUnusableText(root: object): FieldFault[] {
  const faults: FieldFault[] = [];
  const open: { value: unknown; path: string }[] = [{ value: root, path: '' }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, path } = next;
    if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) {
      const field = shortened(path);
      faults.push({
        field,
        code: 'unusable_text',
        message: `${field} must be well-formed text without NUL`,
      });
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, child] of Object.entries(value))
        open.push({ value: child, path: path ? `${path}.${key}` : key });
    }
  }
  return faults;
}
