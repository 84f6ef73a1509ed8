import type { DestinationStream } from 'pino';

/** When a piece is complete. */
export interface PieceLimits {
  readonly characters: number;
  readonly milliseconds: number;
}

/**
 * Collects lines and hands them on in large pieces: after so many characters, after so long, and when the process
 * ends, when only a destination that writes synchronously still gets them out. SonicBoom's own `minLength` measures
 * its whole buffer anew with each line, which costs more than the line.
 */
export class CollectedLines implements DestinationStream {
  private lines: string[] = [];
  private characters = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly destination: DestinationStream,
    private readonly limits: PieceLimits,
  ) {
    process.on('exit', () => this.flush());
  }

  write(line: string): void {
    this.lines.push(line);
    this.characters += line.length;
    if (this.characters >= this.limits.characters) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), this.limits.milliseconds).unref();
  }

  /** Hands on what was collected. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.lines.length === 0) return;
    const piece = this.lines.join('');
    this.lines = [];
    this.characters = 0;
    this.destination.write(piece);
  }
}
