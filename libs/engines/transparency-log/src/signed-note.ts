import { errors } from './errors.js';
import { isKeyName, type NoteSigner, type NoteVerifier } from './note-keys.js';

/** One signature line of a note. */
export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  readonly signature: Uint8Array;
}

/** A note: text and signatures, not verified yet (c2sp.org/signed-note). */
export interface SignedNote {
  /** With its final newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Most signatures that are looked at. */
const MAX_SIGNATURES = 64;
const DASH = '\u2014';

/** Signs a text that ends in a newline, once per signer. @throws note_invalid */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  checkText(text);
  const lines = signers.map((signer) => {
    const { name, keyId } = signer.verifier;
    const id = Buffer.alloc(4);
    id.writeUInt32BE(keyId);
    return `${DASH} ${name} ${Buffer.concat([id, signer.sign(text)]).toString('base64')}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/** Takes a note apart. @throws note_invalid */
export function parseNote(note: string): SignedNote {
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) throw broken('text, an empty line, signature lines');
  const text = note.slice(0, split + 1);
  checkText(text);
  const lines = note
    .slice(split + 2)
    .split('\n')
    .slice(0, -1);
  if (lines.length === 0 || lines.length > MAX_SIGNATURES) {
    throw broken(`1 to ${MAX_SIGNATURES} signature lines`);
  }
  return { text, signatures: lines.map(parseSignature) };
}

/**
 * Opens a note that at least one known key signed; unknown keys are ignored, a wrong signature of
 * a known key is not. @throws note_invalid, note_unverified
 */
export function openNote(
  note: string,
  known: readonly NoteVerifier[],
): { readonly text: string; readonly signers: readonly NoteVerifier[] } {
  const { text, signatures } = parseNote(note);
  const signers: NoteVerifier[] = [];
  for (const { name, keyId, signature } of signatures) {
    const verifier = known.find((of) => of.name === name && of.keyId === keyId);
    if (verifier === undefined) continue;
    if (!verifier.isSignatureOf(text, signature)) {
      throw errors.note_unverified(`The signature of ${name} is wrong.`);
    }
    signers.push(verifier);
  }
  if (signers.length === 0) throw errors.note_unverified('No known key has signed the note.');
  return { text, signers };
}

function parseSignature(line: string): NoteSignature {
  const [dash, name = '', base64 = '', ...more] = line.split(' ');
  const bytes = Buffer.from(base64, 'base64');
  const isWhole = more.length === 0 && bytes.toString('base64') === base64 && bytes.length > 4;
  if (dash !== DASH || !isKeyName(name) || !isWhole) throw broken('“— <name> <base64>” lines');
  return { name, keyId: bytes.readUInt32BE(0), signature: bytes.subarray(4) };
}

function checkText(text: string): void {
  if (!text.endsWith('\n')) throw broken('a text that ends in a newline');
  if (!text.isWellFormed() || /[\p{Cc}]/u.test(text.replaceAll('\n', ''))) {
    throw broken('a text without control characters and broken Unicode');
  }
}

function broken(expected: string): Error {
  return errors.note_invalid(`Expected ${expected}.`);
}
