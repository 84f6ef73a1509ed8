import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Random } from '@kiki/kernel';
import { errors } from './errors.js';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID_LENGTH = 16;
/** 30 base62 characters carry 178 random bits. */
const RANDOM_LENGTH = 30;
/** 62^6 > 2^32, so six characters hold any CRC32. */
const CHECKSUM_LENGTH = 6;
const SHAPE = /^kiki_([a-z][a-z0-9]{0,15})_([0-9A-Za-z]{4,24})_([0-9A-Za-z]{36})$/;
const ENVIRONMENT = /^[a-z][a-z0-9]{0,15}$/;

/** A well-formed key taken apart; `secret` includes its checksum. */
export interface ApiKeyParts {
  /** `live`, `test`…; `svc` for keys derived from the root secret. */
  readonly env: string;
  /** Public: shown in lists, logs and decisions. */
  readonly id: string;
  readonly secret: string;
}

function checksum(text: string): string {
  let value = crc32(text);
  let digits = '';
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    digits = ALPHABET.charAt(value % 62) + digits;
    value = Math.floor(value / 62);
  }
  return digits;
}

function randomText(random: Random, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += ALPHABET.charAt(random.nextInt(62));
  return text;
}

function assemble(env: string, id: string, body: string): string {
  const head = `kiki_${env}_${id}_${body}`;
  return head + checksum(head);
}

/** A new key: `kiki_<env>_<id>_<30 random characters><CRC32 in base62>`. @throws invalid_request */
export function newApiKey(env: string, random: Random): { key: string; id: string } {
  if (!ENVIRONMENT.test(env) || env === 'svc') {
    throw new TypeError('a key environment is 1 to 16 lower-case letters or digits, not svc');
  }
  const id = randomText(random, ID_LENGTH);
  return { id, key: assemble(env, id, randomText(random, RANDOM_LENGTH)) };
}

/** The key that every process with the same root secret derives for a service: `kiki_svc_<name>_…`. */
export function derivedServiceKey(rootSecret: string, service: string): string {
  const mac = createHmac('sha256', rootSecret).update(`kiki service key v1\0${service}`).digest();
  let value = BigInt(`0x${mac.toString('hex')}`);
  let body = '';
  for (let i = 0; i < RANDOM_LENGTH; i++) {
    body += ALPHABET.charAt(Number(value % 62n));
    value /= 62n;
  }
  return assemble('svc', service, body);
}

/** Takes a key apart; the checksum is verified without any store. @throws key_malformed */
export function parseApiKey(text: string): ApiKeyParts {
  const match = SHAPE.exec(text);
  const [, env, id, secret] = match ?? [];
  if (env === undefined || id === undefined || secret === undefined) throw errors.key_malformed();
  if (checksum(text.slice(0, -CHECKSUM_LENGTH)) !== text.slice(-CHECKSUM_LENGTH)) {
    throw errors.key_malformed('The checksum of the API key is wrong: it was mistyped or cut.');
  }
  return { env, id, secret };
}

/** SHA-256 of the whole key: all that is stored of it (178 random bits need no slow hash). */
export function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Compares two digests in constant time. */
export function isSameDigest(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && timingSafeEqual(a, b));
}

/**
 * The key's signing key for queue payloads: HMAC-SHA256(key, "kiki payload signing v1"). It is stored beside the
 * digest so that signatures can be checked; it signs payloads only and does not reveal the key.
 */
export function signingKeyOf(key: string): Buffer {
  return createHmac('sha256', key).update('kiki payload signing v1').digest();
}
