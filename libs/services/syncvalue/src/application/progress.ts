/** An update of long work: how far it is, or its result. */
export type Update<P, R> =
  | { readonly kind: 'progress'; readonly progress: P }
  | { readonly kind: 'result'; readonly result: R };

/**
 * Runs work that reports progress as a stream whose last element is the result; leaving the loop aborts the
 * work.
 */
export async function* withProgress<P, R>(
  outer: AbortSignal,
  work: (report: (progress: P) => void, signal: AbortSignal) => Promise<R>,
): AsyncGenerator<Update<P, R>> {
  const left = new AbortController();
  const signal = AbortSignal.any([outer, left.signal]);
  const reports: P[] = [];
  let wake = (): void => undefined;
  let isDone = false;
  const report = (progress: P): void => {
    reports.push(progress);
    wake();
  };
  const done = work(report, signal).finally(() => {
    isDone = true;
    wake();
  });
  done.catch(() => undefined);
  try {
    for (;;) {
      for (let next = reports.shift(); next !== undefined; next = reports.shift()) {
        yield { kind: 'progress', progress: next };
      }
      if (isDone) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (isDone || reports.length > 0) resolve();
      });
    }
    yield { kind: 'result', result: await done };
  } finally {
    left.abort();
  }
}
