import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { errors } from '../errors.js';

const CHUNK_BYTES = 1 << 18;

/** What a file is that has no rows to read, by its first bytes. */
const OTHERS: readonly (readonly [magic: string, kind: string])[] = [
  ['504b0304', 'a ZIP or Excel file: save it as CSV'],
  ['d0cf11e0', 'an Excel file: save it as CSV'],
  ['50415231', 'Parquet: `kiki value` reads it when its name ends in .parquet'],
  ['28b52ffd', 'compressed with zstd: gzip is read'],
  ['425a68', 'compressed with bzip2: gzip is read'],
];

/**
 * The bytes of a file, decompressed where it is gzip; `onBytes` hears how much of the file has been read.
 * @throws order_file_unreadable
 */
export async function* fileChunks(
  path: string,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  try {
    const chunks = counted(path, onBytes);
    const { done, value: first } = await chunks.next();
    if (done === true) return;
    const start = first.toString('hex', 0, 4);
    const other = OTHERS.find(([magic]) => start.startsWith(magic));
    if (other !== undefined) throw errors.order_file_unreadable(`${path} is ${other[1]}.`);
    const whole = joined(first, chunks);
    if (start.startsWith('1f8b')) yield* decompressed(whole);
    else yield* whole;
  } catch (cause) {
    if (cause instanceof Error && 'kind' in cause) throw cause;
    throw errors.order_file_unreadable(`${path}: ${reasonOf(cause)}.`, {}, { cause });
  }
}

/** Why the system did not give a file. */
export function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'Z_BUF_ERROR') return 'the compressed file ends too early';
  return code === 'EACCES' ? 'this user may not read it' : message;
}

async function* counted(path: string, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    bytes += (chunk as Buffer).length;
    onBytes(bytes);
    yield chunk as Buffer;
  }
}

async function* joined(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

function decompressed(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // What fails before it fails the reading of it.
  return pipeline(Readable.from(chunks), gunzip, () => undefined) as AsyncIterable<Buffer>;
}
