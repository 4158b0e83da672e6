import type { DecryptionError, FieldCipher } from '../crypto/field-cipher.js';
import type { Values } from './encrypted-fields.js';
import { assertNoQueryByCiphertext } from './ciphertext-queries.js';
import { decryptByPlan, planDecryption, readRelations } from './field-decryption.js';
import type { Models } from './model-description.js';
import type { Query } from './tenancy.js';
import { encryptWrites } from './write-encryption.js';

/**
 * Encrypts the fields of `ENCRYPTED_FIELDS` before they are written and decrypts them after they were read, relations
 * included both ways (D-4). `null` stays null, an absent field stays untouched. Row id and organization are bound into
 * each ciphertext, so a write names them: `data` of a create, `where` of an update.
 * @param makeId makes the id of a row that is created without one.
 * @param onRefused told of every ciphertext that was refused, before the error goes on.
 */
export function fieldEncryption(
  models: Models,
  cipher: FieldCipher,
  makeId: () => string,
  onRefused: (error: DecryptionError) => void,
): (query: Query, send: (args: unknown) => PromiseLike<unknown>) => Promise<unknown> {
  const relations = readRelations(models);
  const context = { cipher, relations, makeId };
  return async ({ model, operation, args }, send) => {
    if (model === undefined) return send(args);
    const input = args as Values;
    assertNoQueryByCiphertext(relations, model, input);
    const written = encryptWrites(context, model, operation, input);
    const { plan, args: planned } = planDecryption(relations, model, written);
    const result = await send(planned);
    if (plan === null) return result;
    return decryptByPlan(cipher, plan, result, onRefused);
  };
}
