import { closeSync, openSync, writeSync } from 'node:fs';
import { fdatasync } from 'node:fs';
import { promisify } from 'node:util';

const sync = promisify(fdatasync);

/** One acknowledgement of the system under test, as the client saw it. */
export interface Acknowledgement {
  readonly kind: 'hold' | 'settlement' | 'bid' | 'order';
  readonly id: string;
  /** What was answered; a later look-up must give the same. */
  readonly answer: string;
}

/**
 * What the client was told, on disk before the client goes on: the system may be killed at any instant,
 * the witness is not. One write and one fdatasync serve everybody who waits.
 */
export class Witness {
  readonly acknowledgements: Acknowledgement[] = [];
  private readonly file: number;
  private waiting: { readonly line: string; readonly resolve: () => void }[] = [];
  private isWriting = false;

  constructor(path: string) {
    this.file = openSync(path, 'wx', 0o600);
  }

  /** Resolves when the acknowledgement is on disk. */
  record(acknowledgement: Acknowledgement): Promise<void> {
    return new Promise((resolve) => {
      const line = `${JSON.stringify(acknowledgement)}\n`;
      this.waiting.push({
        line,
        resolve: () => {
          this.acknowledgements.push(acknowledgement);
          resolve();
        },
      });
      if (!this.isWriting) void this.write();
    });
  }

  close(): void {
    closeSync(this.file);
  }

  private async write(): Promise<void> {
    this.isWriting = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      writeSync(this.file, batch.map(({ line }) => line).join(''));
      await sync(this.file);
      for (const { resolve } of batch) resolve();
    }
    this.isWriting = false;
  }
}
