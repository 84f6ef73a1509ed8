/** Groups items into messages of `size`; yields at least one message, so that a stream's options are sent. */
export async function* chunked<T, M>(
  items: Iterable<T> | AsyncIterable<T>,
  size: number,
  message: (chunk: T[], index: number) => M,
): AsyncGenerator<M> {
  let chunk: T[] = [];
  let index = 0;
  for await (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield message(chunk, index++);
    chunk = [];
  }
  if (chunk.length > 0 || index === 0) yield message(chunk, index);
}
