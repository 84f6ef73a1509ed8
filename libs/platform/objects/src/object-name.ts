import { createHash } from 'node:crypto';
import { errors } from './errors.js';

/** Largest object unless a store is told otherwise: 64 MiB. */
export const MAX_OBJECT_BYTES = 64 * 1024 * 1024;

const TENANT = /^[a-z0-9][a-z0-9-]{0,62}$/;
const SHA256 = /^[0-9a-f]{64}$/;
/** `type/subtype` with optional parameters, printable ASCII (RFC 9110 §8.3.1). */
const CONTENT_TYPE = /^[\w!#$&^.+-]{1,63}\/[\w!#$&^.+-]{1,127}(?: ?; ?[\x20-\x7e]{1,128})?$/;

function refuse(field: string, expected: string): never {
  throw errors.object_invalid(`${field} must be ${expected}.`, { fields: [{ field, expected }] });
}

/**
 * Where an object lies below the root of a store: `<tenant>/<first two digits>/<hash>`. Both parts are checked, so a
 * name can never lead to another tenant or out of the store. @throws object_invalid
 */
export function objectPath(tenant: string, sha256: string): readonly [string, string, string] {
  if (!TENANT.test(tenant)) refuse('tenant', '1 to 63 lower-case letters, digits or dashes');
  if (!SHA256.test(sha256)) refuse('sha256', '64 lower-case hexadecimal digits');
  return [tenant, sha256.slice(0, 2), sha256];
}

/** Checks what is about to be stored and gives its name. @throws object_invalid, object_too_large */
export function nameOf(bytes: Uint8Array, contentType: string, maxBytes: number): string {
  if (!CONTENT_TYPE.test(contentType)) refuse('contentType', 'a media type such as image/png');
  if (bytes.byteLength > maxBytes) {
    throw errors.object_too_large(
      `The object has ${bytes.byteLength} bytes; at most ${maxBytes} are taken.`,
    );
  }
  return sha256Of(bytes);
}

/** Lower-case hex SHA-256. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** @throws object_corrupt */
export function verify(bytes: Uint8Array, sha256: string): void {
  const found = sha256Of(bytes);
  if (found === sha256) return;
  throw errors.object_corrupt(`Object ${sha256} has bytes whose hash is ${found}.`);
}
