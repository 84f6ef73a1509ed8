import { createHash } from 'node:crypto';
import { open, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReceivedGraph } from '../../application/graphs.js';

/** How much a graph may have. */
export interface PieceLimit {
  readonly maxBytes: number;
  /** The error of a graph that has more. */
  readonly tooLarge: () => Error;
}

/**
 * Writes a graph to a private folder of its own, where it finds no other file, and hands it over; the folder is gone
 * afterwards.
 */
export async function withGraphFile<T>(
  pieces: AsyncIterable<Uint8Array>,
  limit: PieceLimit,
  work: (graph: ReceivedGraph) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'kiki-onnx-'));
  try {
    return await work(await written(join(folder, 'graph.onnx'), pieces, limit));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function written(
  file: string,
  pieces: AsyncIterable<Uint8Array>,
  { maxBytes, tooLarge }: PieceLimit,
): Promise<ReceivedGraph> {
  const hash = createHash('sha256');
  const handle = await open(file, 'wx', 0o600);
  let bytes = 0;
  try {
    for await (const piece of pieces) {
      bytes += piece.length;
      if (bytes > maxBytes) throw tooLarge();
      hash.update(piece);
      await handle.writeFile(piece);
    }
  } finally {
    await handle.close();
  }
  return { file, bytes, sha256: hash.digest('hex') };
}
