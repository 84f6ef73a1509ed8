import { kernelErrors } from '@kiki/kernel';

/** Why an attempt was cut short. */
export type CutReason = 'timeout' | 'stop' | 'lost';

/** One run of a processor, which ends by itself, by its timeout, or from outside. */
export class Attempt {
  private readonly controller = new AbortController();
  /** Set once the attempt was cut short. */
  cutBy: CutReason | undefined;

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Aborts the signal; the attempt fails even when the processor does not listen. */
  cut(reason: CutReason): void {
    if (this.cutBy !== undefined) return;
    this.cutBy = reason;
    this.controller.abort(
      reason === 'timeout'
        ? kernelErrors.deadline_exceeded('The attempt ran longer than the queue allows.')
        : kernelErrors.cancelled(
            reason === 'stop' ? 'The worker is stopping.' : 'The lock on the job was lost.',
          ),
    );
  }

  /** Runs the work; rejects with the reason as soon as the attempt is cut. */
  async run<R>(work: (signal: AbortSignal) => Promise<R>, timeoutMs: number): Promise<R> {
    const timer = setTimeout(() => this.cut('timeout'), timeoutMs);
    try {
      return await Promise.race([work(this.signal), rejectionOf(this.signal)]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
