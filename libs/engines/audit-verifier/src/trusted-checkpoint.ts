import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { UnusableInput } from './finding.js';

/** A public key that the auditor trusts: `<name>+<8 hex digits>+<base64 of 0x01 and 32 bytes>`. */
export interface TrustedKey {
  readonly name: string;
  readonly id: string;
  readonly key: KeyObject;
}

/** What a signed checkpoint says. */
export interface TreeHead {
  readonly origin: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
}

/** A checkpoint with the answer to who signed it. */
export type OpenedCheckpoint =
  | ({ readonly ok: true; readonly keyId: string } & TreeHead)
  | {
      readonly ok: false;
      readonly kind: 'checkpoint_invalid' | 'checkpoint_signature';
      readonly why: string;
    };

/** DER of an Ed25519 public key up to the 32 bytes (RFC 8410). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** Reads a key as c2sp.org/signed-note and Go's sumdb write it. @throws UnusableInput */
export function trustedKey(text: string): TrustedKey {
  const fields = text.trim().split('+');
  const [name = '', id = ''] = fields;
  const bytes = Buffer.from(fields.slice(2).join('+'), 'base64');
  if (name === '' || bytes.length !== 33 || bytes[0] !== 1) {
    throw new UnusableInput(`“${text.trim().slice(0, 60)}” is no Ed25519 key of signed notes.`);
  }
  const digest = createHash('sha256').update(`${name}\n`, 'utf8').update(bytes).digest('hex');
  if (digest.slice(0, 8) !== id) {
    throw new UnusableInput(`The id of key “${name}” should be ${digest.slice(0, 8)}, not ${id}.`);
  }
  const der = Buffer.concat([SPKI, bytes.subarray(1)]);
  return { name, id, key: createPublicKey({ key: der, format: 'der', type: 'spki' }) };
}

/** Checks the signatures of a checkpoint and reads it. */
export function openCheckpoint(note: string, keys: readonly TrustedKey[]): OpenedCheckpoint {
  const end = note.lastIndexOf('\n\n');
  if (end < 0) return { ok: false, kind: 'checkpoint_invalid', why: 'it has no signatures' };
  const body = note.slice(0, end + 1);
  const head = readHead(body);
  if (head === undefined) return { ok: false, kind: 'checkpoint_invalid', why: 'it has no head' };
  let keyId: string | undefined;
  for (const line of note.slice(end + 2).split('\n')) {
    const signature = readSignature(line);
    const trusted = keys.find(({ name, id }) => name === signature?.name && id === signature.id);
    if (signature === undefined || trusted === undefined) continue;
    if (!verify(null, Buffer.from(body, 'utf8'), trusted.key, signature.bytes)) {
      return {
        ok: false,
        kind: 'checkpoint_signature',
        why: `the signature of ${trusted.id} is wrong`,
      };
    }
    if (trusted.name !== head.origin) {
      // The signature says nothing of the name beside it: the log of another tenant would pass for this one.
      const why = `it is of log ${head.origin}, the key is of ${trusted.name}`;
      return { ok: false, kind: 'checkpoint_signature', why };
    }
    keyId = trusted.id;
  }
  if (keyId === undefined) {
    return { ok: false, kind: 'checkpoint_signature', why: 'no trusted key has signed it' };
  }
  return { ok: true, keyId, ...head };
}

function readHead(body: string): TreeHead | undefined {
  const [origin, digits, root, ...rest] = body.split('\n');
  if (origin === undefined || digits === undefined || root === undefined) return undefined;
  const isEnded = rest.at(-1) === '';
  const isSize = /^(0|[1-9]\d{0,15})$/.test(digits);
  const isRoot = /^[A-Za-z0-9+/]{43}=$/.test(root);
  if (origin === '' || !isEnded || !isSize || !isRoot) return undefined;
  return { origin, size: Number(digits), root };
}

function readSignature(line: string): { name: string; id: string; bytes: Buffer } | undefined {
  const [, name, text] = /^\u2014 ([^ ]+) ([A-Za-z0-9+/]+=*)$/.exec(line) ?? [];
  if (name === undefined || text === undefined) return undefined;
  const bytes = Buffer.from(text, 'base64');
  // The last character has bits that say nothing: another one there is not what was signed either.
  if (bytes.toString('base64') !== text) return undefined;
  return { name, id: bytes.subarray(0, 4).toString('hex'), bytes: bytes.subarray(4) };
}
