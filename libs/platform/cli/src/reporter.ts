import { microsToWire, SystemClock, type Clock } from '@kiki/kernel';
import { startProgress, type Progress, type ProgressOptions } from './progress.js';
import { renderTable, type TableCell, type TableColumn } from './table.js';
import type { Terminal } from './terminal.js';

/**
 * How a command speaks. Without `--json` people read standard output; with it, standard output holds one JSON object,
 * as its last line, and people read standard error.
 */
export class Reporter {
  constructor(
    readonly terminal: Terminal,
    readonly isJson: boolean,
    private readonly clock: Clock = new SystemClock(),
  ) {}

  /** A line for people. */
  say(text = ''): void {
    if (this.isJson) this.terminal.note(text);
    else this.terminal.out(text);
  }

  /** A line that must not get lost in a pipe: always on standard error. */
  warn(text: string): void {
    this.terminal.note(text);
  }

  /** A table for people. */
  table(columns: readonly (TableColumn | string)[], rows: readonly (readonly TableCell[])[]): void {
    this.say(renderTable(columns, rows));
  }

  /** A bar or plain lines, on standard error. */
  progress(options: ProgressOptions): Progress {
    return startProgress(this.terminal, this.clock, options);
  }

  /** The command's result: one line of JSON with `--json`, otherwise what `human` says. */
  result(value: unknown, human?: () => void): void {
    if (this.isJson) this.terminal.out(toJsonLine(value));
    else human?.();
  }
}

/** One line of JSON; money (bigint) becomes a JSON integer. @throws money_out_of_range */
export function toJsonLine(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'bigint' ? microsToWire(member) : member,
  );
}
