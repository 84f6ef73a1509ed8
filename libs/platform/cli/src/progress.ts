import type { Clock } from '@kiki/kernel';
import { SingleBar } from 'cli-progress';
import { cellText } from './table.js';
import type { Terminal } from './terminal.js';

/** One piece of work with a known size. */
export interface Progress {
  /** How much is done; smaller numbers than before are ignored. */
  update(done: number): void;
  /** Ends it, complete or not; `note` says how it went. */
  end(note?: string): void;
}

/** What a progress is about. */
export interface ProgressOptions {
  readonly label: string;
  /** In the unit of `update`; 0 when it is not known. */
  readonly total: number;
  /** e.g. `rows`. @default '' */
  readonly unit?: string;
}

/** A bar that redraws itself where a person watches, plain lines everywhere else. */
export function startProgress(
  terminal: Terminal,
  clock: Clock,
  options: ProgressOptions,
): Progress {
  return terminal.isInteractive
    ? new BarProgress(terminal, options)
    : new LineProgress(terminal, clock, options);
}

const BAR_COLUMNS = 30;

class BarProgress implements Progress {
  private readonly bar: SingleBar;
  private last = 0;

  constructor(
    private readonly terminal: Terminal,
    private readonly options: ProgressOptions,
  ) {
    const unit = options.unit ? ` ${options.unit}` : '';
    this.bar = new SingleBar({
      format: `${options.label} {bar} {percentage} % ({value} of {total}${unit})`,
      barsize: BAR_COLUMNS,
      hideCursor: true,
      clearOnComplete: true,
      stream: streamOf(terminal),
    });
    this.bar.start(Math.max(1, options.total), 0);
  }

  update(done: number): void {
    this.last = Math.max(this.last, done);
    this.bar.update(this.last);
  }

  end(note?: string): void {
    this.bar.stop();
    this.terminal.note(endLine(this.options, this.last, note));
  }
}

/** The library wants a terminal's stream; writing and its width are all that it uses of it. */
function streamOf(terminal: Terminal): NodeJS.WriteStream {
  const stream = {
    isTTY: true,
    get columns() {
      return terminal.columns;
    },
    write: (text: string) => {
      terminal.draw(text);
      return true;
    },
    on: () => stream,
    removeListener: () => stream,
  };
  return stream as unknown as NodeJS.WriteStream;
}

/** At most one line per quarter of the work and per five seconds. */
const LINE_EVERY_MS = 5_000;
const STEPS = 4;

class LineProgress implements Progress {
  private step = 0;
  private last = 0;
  private saidAtMs: number;

  constructor(
    private readonly terminal: Terminal,
    private readonly clock: Clock,
    private readonly options: ProgressOptions,
  ) {
    this.saidAtMs = clock.monotonicMs();
  }

  update(done: number): void {
    this.last = Math.max(this.last, done);
    const { total, label, unit } = this.options;
    const step = total > 0 ? Math.floor((this.last / total) * STEPS) : 0;
    const now = this.clock.monotonicMs();
    const isLate = now - this.saidAtMs >= LINE_EVERY_MS;
    if (step >= STEPS || (step <= this.step && !isLate)) return;
    this.step = step;
    this.saidAtMs = now;
    const share = total > 0 ? `${Math.floor((this.last / total) * 100)} % ` : '';
    this.terminal.note(`${label}: ${share}(${cellText(this.last)}${unit ? ` ${unit}` : ''})`);
  }

  end(note?: string): void {
    this.terminal.note(endLine(this.options, this.last, note));
  }
}

function endLine({ label, unit }: ProgressOptions, done: number, note?: string): string {
  return `${label}: ${note ?? `${cellText(done)}${unit ? ` ${unit}` : ''}`}`;
}
