import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { Handler } from '../access/access.decorators.js';
import type { LimitRule } from '../config/config.js';

const LIMITS = 'benteng:limits';

/** Rules of a handler beside GLOBAL, which every handler has. */
export type LimitDeclaration = { rules: readonly LimitRule[] } | { none: string };

/** Adds rules of the contract's table to a handler. */
export const Limits = (...rules: LimitRule[]): CustomDecorator =>
  SetMetadata(LIMITS, { rules } satisfies LimitDeclaration);

/** Frees a handler from every limit; `reason` says why that is safe. */
export const Unlimited = (reason: string): CustomDecorator =>
  SetMetadata(LIMITS, { none: reason } satisfies LimitDeclaration);

/** The rules that apply to a handler. */
export function rulesOf(reflector: Reflector, handler: Handler): readonly LimitRule[] {
  const declaration = reflector.get<LimitDeclaration | undefined>(LIMITS, handler);
  if (declaration === undefined) return ['GLOBAL'];
  return 'none' in declaration ? [] : ['GLOBAL', ...declaration.rules];
}

/** The same as one readable line, for the route table. */
export function limitsOf(reflector: Reflector, handler: Handler): string {
  const declaration = reflector.get<LimitDeclaration | undefined>(LIMITS, handler);
  return declaration !== undefined && 'none' in declaration
    ? `none (${declaration.none})`
    : rulesOf(reflector, handler).join(' ');
}
