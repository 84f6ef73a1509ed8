/** A counting semaphore in order of arrival; waiting can be aborted. */
export class Slots {
  private readonly waiting: (() => void)[] = [];
  private count = 0;
  /** Told how many are taken. */
  onChange: (taken: number) => void = () => undefined;

  constructor(private readonly capacity: number) {}

  get taken(): number {
    return this.count;
  }

  /** Waits for a slot; call the result once to give it back. @throws what the signal was aborted with */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.count < this.capacity) this.change(1);
    else await this.wait(signal);
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      const next = this.waiting.shift();
      // A slot that somebody waits for changes hands without becoming free.
      if (next === undefined) this.change(-1);
      else next();
    };
  }

  private wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.waiting.splice(this.waiting.indexOf(go), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.waiting.push(go);
    });
  }

  private change(by: 1 | -1): void {
    this.count += by;
    this.onChange(this.count);
  }
}
