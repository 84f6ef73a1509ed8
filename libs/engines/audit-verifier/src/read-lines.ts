/** Longest line that is read, bytes: records are smaller by far. */
const MAX_LINE = 16 * 1024 * 1024;

/** Lines of a stream of UTF-8, without their ends; empty ones are left out. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<string[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const text = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const end = text.lastIndexOf(0x0a);
    if (end < 0) {
      if (text.length > MAX_LINE) throw new RangeError('A line is longer than 16 MiB.');
      rest = text;
      continue;
    }
    rest = text.subarray(end + 1);
    yield linesOf(text.toString('utf8', 0, end));
  }
  if (rest.length > 0) yield linesOf(rest.toString('utf8'));
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}
