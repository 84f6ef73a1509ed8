import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import {
  readCheckpoints,
  readStatement,
  UnusableInput,
  verifyAuditLog,
  type VerifyReport,
} from '@kiki/audit-verifier';
import { errors } from '../errors.js';

/** Which files are verified. */
export interface VerifyOrder {
  readonly log: string;
  /** Signed notes or anchor files. */
  readonly checkpoints: readonly string[];
  /** Keys, or files with a key per line. */
  readonly publicKeys: readonly string[];
  readonly statement: string | undefined;
  /** Whose lines of an anchor file; by default of the log that the first key is named after. */
  readonly tenant: string | undefined;
  readonly onRecords: (done: number) => void;
}

/** What was found, and how many lines of anchor files were cut short. */
export interface VerifiedFiles extends VerifyReport {
  readonly cutLines: number;
}

/** Verifies files; nothing is asked of any service. @throws audit_input_unusable */
export async function verifyFiles(order: VerifyOrder): Promise<VerifiedFiles> {
  const { log, statement, onRecords } = order;
  try {
    const files = await Promise.all(order.checkpoints.map(textOf));
    const publicKeys = (await Promise.all(order.publicKeys.map(keysOf))).flat();
    const tenant = order.tenant ?? publicKeys[0]?.split('+')[0]?.split('/').at(-1);
    const read = files.map((text) => readCheckpoints(text, tenant));
    const report = await verifyAuditLog({
      log: bytesOf(log),
      checkpoints: read.flatMap(({ notes }) => notes),
      publicKeys,
      ...(statement === undefined ? {} : { statement: readStatement(await textOf(statement)) }),
      onRecords,
    });
    return { ...report, cutLines: read.reduce((sum, { cutLines }) => sum + cutLines, 0) };
  } catch (cause) {
    if (!isUnusable(cause)) throw cause;
    throw errors.audit_input_unusable(cause.message, {}, { cause });
  }
}

function bytesOf(path: string): AsyncIterable<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: 1024 * 1024 });
  return path.endsWith('.gz') ? pipeline(file, createGunzip(), () => undefined) : file;
}

function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8');
}

/** A key as it is, or the lines of the file that has it. */
async function keysOf(keyOrFile: string): Promise<string[]> {
  if (/^[^+\s]+\+[0-9a-f]{8}\+/.test(keyOrFile)) return [keyOrFile];
  return (await textOf(keyOrFile)).split('\n').filter((line) => line.trim() !== '');
}

/** Files that cannot be read, JSON that is none, keys that are none. */
function isUnusable(error: unknown): error is Error {
  const isFile = typeof (error as NodeJS.ErrnoException).syscall === 'string';
  const isZip = String((error as NodeJS.ErrnoException).code).startsWith('Z_');
  return isFile || isZip || error instanceof UnusableInput || error instanceof SyntaxError;
}
