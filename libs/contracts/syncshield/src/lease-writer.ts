import type { JournalLine, LeaseJournal } from './lease-journal.js';
import type { LeaseSettings } from './lease-settings.js';
import type { LeaseSlice } from './lease-slice.js';

/** Writes the journal ahead of what is spent: one write at a time, everything that waits in it. */
export class JournalWriter {
  writes = 0;
  failures = 0;
  private waiting: { readonly line: JournalLine; readonly done: (isWritten: boolean) => void }[] =
    [];
  private inFlight: Promise<void> | undefined;

  constructor(
    private readonly journal: LeaseJournal | undefined,
    private readonly settings: LeaseSettings,
  ) {}

  /** How far ahead a slice is written; undefined without a journal. */
  stepOf(unreportedMicros: bigint): bigint | undefined {
    if (this.journal === undefined) return undefined;
    const step = unreportedMicros / BigInt(this.settings.journalSteps);
    return step > 0n ? step : 1n;
  }

  /** Names a lease before it is asked for, so that a later start can end it. */
  async announce(leaseId: string): Promise<boolean> {
    if (this.journal === undefined) return true;
    const written = new Promise<boolean>((resolve) => {
      this.waiting.push({ line: { leaseId, uptoMicros: 0n }, done: resolve });
    });
    void this.flush([]);
    return written;
  }

  /** Writes what is due, if nothing is being written. */
  step(open: readonly LeaseSlice[]): Promise<void> | undefined {
    if (this.journal === undefined || this.inFlight !== undefined) return undefined;
    const due = open.filter((slice) => slice.journalTarget !== undefined);
    return due.length === 0 && this.waiting.length === 0 ? undefined : this.flush(due);
  }

  async close(): Promise<void> {
    await this.inFlight;
    await this.journal?.close();
  }

  private flush(due: readonly LeaseSlice[]): Promise<void> | undefined {
    if (this.inFlight !== undefined) return undefined;
    this.inFlight = this.write(due).finally(() => (this.inFlight = undefined));
    return this.inFlight;
  }

  private async write(due: readonly LeaseSlice[]): Promise<void> {
    const { waiting } = this;
    this.waiting = [];
    const targets = due.map((slice) => ({ slice, uptoMicros: slice.journalTarget ?? 0n }));
    const lines = targets.map(({ slice, uptoMicros }) => {
      return { leaseId: slice.terms.id, uptoMicros };
    });
    this.writes++;
    const isWritten = await this.isWritten([...waiting.map(({ line }) => line), ...lines]);
    for (const { done } of waiting) done(isWritten);
    if (isWritten) for (const { slice, uptoMicros } of targets) slice.journaled(uptoMicros);
  }

  private async isWritten(lines: readonly JournalLine[]): Promise<boolean> {
    try {
      await this.journal?.write(lines);
      return true;
    } catch {
      this.failures++;
      return false;
    }
  }
}
