import { errors } from './errors.js';
import { HASH_BYTES } from './hashes.js';

/** The head of a log at one size (c2sp.org/tlog-checkpoint). */
export interface Checkpoint {
  /** Names the log. */
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** The text that is signed: origin, size and root, a line each. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;
}

/** Reads the text of a checkpoint; further lines are ignored. @throws note_invalid */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', size = '', root = '', ...more] = text.split('\n');
  const bytes = Buffer.from(root, 'base64');
  const isSize = /^(0|[1-9]\d*)$/.test(size) && Number.isSafeInteger(Number(size));
  const isRoot = bytes.length === HASH_BYTES && bytes.toString('base64') === root;
  const isEnded = more.pop() === '' && !more.includes('');
  if (origin === '' || !isSize || !isRoot || !isEnded) {
    throw errors.note_invalid('Expected origin, size and base64 root hash, a line each.');
  }
  return { origin, size: Number(size), root: bytes };
}
