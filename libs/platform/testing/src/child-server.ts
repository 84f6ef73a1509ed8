import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { UNPRIVILEGED } from './private-directory.js';

/** A server process that ends with the test that started it. */
export class ChildServer {
  private child: ChildProcess | undefined;
  private ended: Promise<unknown> = Promise.resolve();
  private output = '';
  private readonly killAtExit = (): void => void this.child?.kill('SIGKILL');

  constructor(
    private readonly program: string,
    private readonly args: readonly string[],
    private readonly cwd: string,
  ) {}

  /** Process id while it runs. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  get isRunning(): boolean {
    return this.child?.exitCode === null && this.child.signalCode === null;
  }

  /** Last kilobytes of what it printed. */
  get log(): string {
    return this.output;
  }

  start(): void {
    const child = spawn(this.program, this.args, {
      ...UNPRIVILEGED,
      cwd: this.cwd,
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.output = (this.output + chunk.toString('utf8')).slice(-4000);
      });
    }
    this.ended = new Promise((resolve) => {
      child.once('exit', resolve);
      child.once('error', resolve);
    });
    process.once('exit', this.killAtExit);
    this.child = child;
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.isRunning) this.child?.kill(signal);
    await this.ended;
    this.child = undefined;
    process.off('exit', this.killAtExit);
  }
}
