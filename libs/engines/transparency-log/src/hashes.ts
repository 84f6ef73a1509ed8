import { hash } from 'node:crypto';

/** Bytes of a hash. */
export const HASH_BYTES = 32;

const scratch = Buffer.alloc(1 + 2 * HASH_BYTES);
scratch[0] = 0x01;

/** Hash of a record: SHA-256(0x00 || record), RFC 6962 section 2.1; a text is taken as UTF-8. */
export function leafHash(record: string | Uint8Array): Uint8Array {
  if (typeof record === 'string') return hash('sha256', `\0${record}`, 'buffer');
  const bytes = Buffer.allocUnsafe(record.length + 1);
  bytes[0] = 0x00;
  bytes.set(record, 1);
  return hash('sha256', bytes, 'buffer');
}

/** Hash of an inner node: SHA-256(0x01 || left || right), RFC 6962 section 2.1. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  scratch.set(left, 1);
  scratch.set(right, 1 + HASH_BYTES);
  return hash('sha256', scratch, 'buffer');
}

/** Root of the tree without leaves: SHA-256 of nothing. */
export function emptyRoot(): Uint8Array {
  return hash('sha256', '', 'buffer');
}

/** Whether two hashes are the same bytes. */
export function isSameHash(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
