import { depthOf, isJson, withoutMembers } from '../platform/json/json-text.js';
import { textOf, type WebhookScheme } from './schemes/scheme.js';

/** Levels of a JSON payload: readers give up somewhere, the common ones at 64 at the earliest. */
export const MAX_PAYLOAD_DEPTH = 64;

/** A body as it is kept: text where it is nothing but UTF-8, else base64. */
export interface KeptPayload {
  readonly payload: string;
  readonly isBinary: boolean;
}

/** A body as services get it. */
export interface DeliveredPayload {
  /** How `payload` is to be read; `unreadable`: what is kept cannot be decrypted. */
  readonly payloadFormat: 'json' | 'text' | 'base64' | 'unreadable';
  /** The body itself, byte for byte when it is written in UTF-8; null where it is no text. */
  readonly payloadText: string | null;
  /** JSON of `payload`: of a JSON body the very text that came, so that its numbers keep their digits. */
  readonly payloadJson: string;
}

/** Whether a body is JSON that is nested deeper than services can be expected to read. */
export function isTooDeep(body: Buffer | string): boolean {
  const text = typeof body === 'string' ? body : textOf(body);
  return text !== null && depthOf(text) > MAX_PAYLOAD_DEPTH && isJson(text);
}

/** What is kept of a body: all of it but the members that are the secret itself. */
export function keptPayload(body: Buffer, { secretMembers }: WebhookScheme): KeptPayload {
  const text = textOf(body);
  return text === null
    ? { payload: body.toString('base64'), isBinary: true }
    : { payload: withoutSecrets(text, secretMembers), isBinary: false };
}

/**
 * What is handed over of what was kept.
 * @param kept null where it cannot be decrypted.
 * @param secretMembers also cut here: events of earlier versions were kept with them.
 */
export function deliveredPayload(
  kept: { payload: string; isBinary: boolean } | null,
  secretMembers: readonly string[],
): DeliveredPayload {
  if (kept === null) return { payloadFormat: 'unreadable', payloadText: null, payloadJson: 'null' };
  const { payload, isBinary } = kept;
  if (isBinary) return { payloadFormat: 'base64', payloadText: null, payloadJson: JSON.stringify(payload) };
  const text = withoutSecrets(payload, secretMembers);
  // Kept by an earlier version: as text it hurts nobody.
  if (!isJson(text) || isTooDeep(text))
    return { payloadFormat: 'text', payloadText: text, payloadJson: JSON.stringify(text) };
  return { payloadFormat: 'json', payloadText: text, payloadJson: text };
}

function withoutSecrets(text: string, secretMembers: readonly string[]): string {
  return secretMembers.length === 0 ? text : withoutMembers(text, secretMembers);
}
