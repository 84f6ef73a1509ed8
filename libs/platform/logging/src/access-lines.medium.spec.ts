/**
 * Goal: no line of the access log is lost or torn, however its process ends, short of a kill.
 * Method: real processes whose standard error is a pipe; each line is read back as JSON and counted.
 */
import { describe, expect, it } from '@jest/globals';
import { SourceProcess } from '@kiki/testing';

const script = new URL('./access-lines.fixture.ts', import.meta.url);

async function requestsOf(count: number, ending: string): Promise<unknown[]> {
  const logging = new SourceProcess(script, [String(count), ending]);
  await logging.end();
  return logging.errorLines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { request?: number })
    .flatMap(({ request }) => request ?? []);
}

describe('the access log of a process that ends', () => {
  it.each([
    ['one line', 1, 'return'],
    ['one line', 1, 'exit'],
    ['less than a piece', 300, 'return'],
    ['less than a piece', 300, 'exit'],
    ['many pieces, more than a pipe holds', 20_000, 'return'],
    ['many pieces, more than a pipe holds', 20_000, 'exit'],
    ['many pieces, more than a pipe holds', 20_000, 'crash'],
  ])('is whole: %s (%i) by %s', async (_what, count, ending) => {
    const every = Array.from({ length: count }, (_, i) => i + 1);
    expect(await requestsOf(count, ending)).toEqual(every);
  });
});
