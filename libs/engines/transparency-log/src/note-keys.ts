import { createPrivateKey, createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto';
import { errors } from './errors.js';

/** Signature type of Ed25519 (c2sp.org/signed-note). */
const ED25519 = 0x01;
const KEY_BYTES = 32;

/** A public key under a name. */
export class NoteVerifier {
  /** `<name>+<key id, hex>+<base64 of type and key>`, as golang.org/x/mod/sumdb/note writes it. */
  readonly text: string;
  readonly keyId: number;
  private readonly key: KeyObject;

  /** @throws note_key_invalid */
  constructor(
    readonly name: string,
    /** 32 bytes, RFC 8032. */
    readonly publicKey: Uint8Array,
  ) {
    if (!isKeyName(name)) throw errors.note_key_invalid(`"${name}" cannot be the name of a key.`);
    if (publicKey.length !== KEY_BYTES) {
      throw errors.note_key_invalid(`Expected ${KEY_BYTES} bytes, got ${publicKey.length}.`);
    }
    const typed = Buffer.concat([Buffer.from([ED25519]), publicKey]);
    const named = Buffer.concat([Buffer.from(`${name}\n`, 'utf8'), typed]);
    this.keyId = hash('sha256', named, 'buffer').readUInt32BE(0);
    this.text = `${name}+${hexId(this.keyId)}+${typed.toString('base64')}`;
    const x = Buffer.from(publicKey).toString('base64url');
    this.key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  }

  /** Reads {@link text}. @throws note_key_invalid */
  static parse(text: string): NoteVerifier {
    const [, name, id, key] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text) ?? [];
    const typed = Buffer.from(key ?? '', 'base64');
    if (name === undefined || typed[0] !== ED25519) {
      throw errors.note_key_invalid('Expected <name>+<8 hex digits>+<base64> of an Ed25519 key.');
    }
    const verifier = new NoteVerifier(name, typed.subarray(1));
    if (hexId(verifier.keyId) === id) return verifier;
    throw errors.note_key_invalid(`The key id should be ${hexId(verifier.keyId)}, not ${id}.`);
  }

  isSignatureOf(text: string, signature: Uint8Array): boolean {
    return verify(null, Buffer.from(text, 'utf8'), this.key, signature);
  }
}

/** A private key under a name. */
export class NoteSigner {
  readonly verifier: NoteVerifier;

  /** @throws note_key_invalid */
  constructor(
    name: string,
    private readonly key: KeyObject,
  ) {
    this.verifier = new NoteVerifier(name, publicKeyOf(key));
  }

  /** @param text the note's text with its final newline */
  sign(text: string): Uint8Array {
    return sign(null, Buffer.from(text, 'utf8'), this.key);
  }
}

/** Reads an Ed25519 private key from PKCS#8 PEM. @throws note_key_invalid */
export function readSigningKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey({ key: pem, format: 'pem' });
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw errors.note_key_invalid('This is no private key in PEM.', {}, { cause });
  }
  throw errors.note_key_invalid('The private key is not an Ed25519 key.');
}

/** The 32 bytes of the public half of a key. */
export function publicKeyOf(key: KeyObject): Uint8Array {
  const { x } = key.export({ format: 'jwk' });
  return Buffer.from(x ?? '', 'base64url');
}

/** A key id as it is written in keys: 8 hex digits. */
export function hexId(keyId: number): string {
  return keyId.toString(16).padStart(8, '0');
}

/** Not empty, no Unicode spaces, no plus, no control characters. */
export function isKeyName(name: string): boolean {
  return /^[^\p{White_Space}\p{Cc}+]+$/u.test(name);
}
