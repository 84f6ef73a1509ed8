import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';

/** Length of every key here, bytes. */
export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A key that wraps others, and the public id by which rows say which one wrapped them. */
export interface WrappingKey {
  readonly id: string;
  readonly key: Uint8Array;
}

/** Derives the key-encryption key from a secret text (HKDF-SHA256, RFC 5869). */
export function wrappingKeyOf(secret: string): WrappingKey {
  const key = new Uint8Array(hkdfSync('sha256', secret, '', 'kiki subject keys v1', KEY_BYTES));
  const id = createHmac('sha256', key).update('key id').digest('hex').slice(0, 16);
  return { id, key };
}

/** AES-256-GCM: nonce, ciphertext, tag. `context` is authenticated, so that no row can stand in for another. */
export function encrypt(
  key: Uint8Array,
  plain: Uint8Array,
  context: string,
  nonce: Uint8Array,
): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(context, 'utf8'));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** The reverse of {@link encrypt}; undefined when key, bytes or context are not those of the encryption. */
export function decrypt(key: Uint8Array, sealed: Uint8Array, context: string): Buffer | undefined {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const bytes = Buffer.from(sealed);
  const end = bytes.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(context, 'utf8'));
  decipher.setAuthTag(bytes.subarray(end));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, end)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Bytes of a nonce of {@link encrypt}. */
export const nonceBytes = NONCE_BYTES;

/** Fields of different length never run into each other: each is preceded by its length. */
function framed(parts: readonly string[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** HMAC-SHA256 over length-prefixed fields. */
export function mac(key: Uint8Array, ...parts: readonly string[]): Buffer {
  return createHmac('sha256', key).update(framed(parts)).digest();
}

/** `sub_` and HMAC-SHA256(key of the subject, customer id) in base64url. */
export function pseudonymOf(subjectKey: Uint8Array, customerId: string): string {
  const digest = createHmac('sha256', subjectKey).update(customerId, 'utf8').digest('base64url');
  return `sub_${digest}`;
}
