/** Where a command's words go: results to standard output, everything said about them to standard error. */
export abstract class Terminal {
  /** True where a person watches, so that a progress bar may redraw its line. */
  abstract readonly isInteractive: boolean;
  /** Columns that fit on a line. */
  abstract readonly columns: number;
  /** Writes one line (or several) to standard output. */
  abstract out(text: string): void;
  /** Writes one line (or several) to standard error. */
  abstract note(text: string): void;
  /** Writes raw text, without a line end, to standard error: what a progress bar is drawn with. */
  abstract draw(text: string): void;
}

/** The process's own streams. */
export class ProcessTerminal extends Terminal {
  override get isInteractive(): boolean {
    return process.stderr.isTTY === true && process.stdout.isTTY === true;
  }

  override get columns(): number {
    return process.stdout.columns ?? 100;
  }

  override out(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  override note(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  override draw(text: string): void {
    process.stderr.write(text);
  }
}

/** Remembers what was written; for specs of commands. */
export class RecordingTerminal extends Terminal {
  readonly output: string[] = [];
  readonly notes: string[] = [];
  readonly drawn: string[] = [];

  constructor(
    override readonly isInteractive = false,
    override readonly columns = 100,
  ) {
    super();
  }

  override out(text: string): void {
    this.output.push(text);
  }

  override note(text: string): void {
    this.notes.push(text);
  }

  override draw(text: string): void {
    this.drawn.push(text);
  }
}
