/**
 * Goal: progress and result arrive in order, and whoever leaves ends the work. Method: work whose steps the
 * spec decides.
 */
import { describe, expect, it } from '@jest/globals';
import { withProgress } from './progress.js';

const never = new AbortController().signal;

describe('withProgress', () => {
  it('gives every report, then the result', async () => {
    const seen: unknown[] = [];
    const updates = withProgress<number, string>(never, async (report) => {
      report(1);
      await Promise.resolve();
      report(2);
      report(3);
      return 'done';
    });
    for await (const update of updates) {
      seen.push(update.kind === 'progress' ? update.progress : update.result);
    }
    expect(seen).toEqual([1, 2, 3, 'done']);
  });

  it('throws what the work throws, after its reports', async () => {
    const seen: number[] = [];
    const failing = async (): Promise<void> => {
      const updates = withProgress<number, never>(never, async (report) => {
        report(1);
        throw new Error('broken');
      });
      for await (const update of updates)
        if (update.kind === 'progress') seen.push(update.progress);
    };
    await expect(failing()).rejects.toThrow('broken');
    expect(seen).toEqual([1]);
  });

  it('aborts the work when the loop is left or the caller aborts', async () => {
    let signal: AbortSignal | undefined;
    const endless = (outer: AbortSignal) =>
      withProgress<number, never>(outer, (report, inner) => {
        signal = inner;
        report(1);
        return new Promise((_, reject) =>
          inner.addEventListener('abort', () => reject(inner.reason as Error)),
        );
      });
    for await (const update of endless(never)) if (update.kind === 'progress') break;
    expect(signal?.aborted).toBe(true);
    const outer = new AbortController();
    const following = (async () => {
      for await (const update of endless(outer.signal))
        outer.abort(new Error(`left at ${update.kind}`));
    })();
    await expect(following).rejects.toThrow('left at progress');
  });
});
