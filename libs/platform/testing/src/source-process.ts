import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from './child-environment.js';
import { waitFor } from './wait-for.js';

/** How a source file is run. */
export interface SourceProcessOptions {
  /** Added to `childEnvironment()`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Another user, where the current one is root. */
  readonly runAs?: { readonly uid: number; readonly gid: number };
}

/** A process that runs one TypeScript file of this repository and ends with the test that started it. */
export class SourceProcess {
  /** Complete lines of its standard output so far. */
  readonly lines: string[] = [];
  /** Complete lines of its standard error so far. */
  readonly errorLines: string[] = [];
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;

  /** @param script e.g. `new URL('./worker.fixture.ts', import.meta.url)` */
  constructor(script: URL, args: readonly string[] = [], options: SourceProcessOptions = {}) {
    const hooks = new URL('./source-hooks.ts', import.meta.url);
    const loader = existsSync(hooks) ? hooks : new URL('./source-hooks.js', import.meta.url);
    const flags = ['--no-warnings', '--conditions=@kiki/source', `--import=${loader.href}`];
    this.child = spawn(process.execPath, [...flags, fileURLToPath(script), ...args], {
      ...options.runAs,
      env: { ...childEnvironment(), ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', linesInto(this.lines));
    this.child.stderr?.on('data', linesInto(this.errorLines));
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.complaint = (this.complaint + chunk.toString('utf8')).slice(-4000);
    });
    this.ended = once(this.child, 'close');
    const killAtExit = (): void => void this.child.kill('SIGKILL');
    process.once('exit', killAtExit);
    void this.ended.finally(() => process.off('exit', killAtExit));
  }

  /** The end of what it printed to standard error. */
  complaint = '';

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Waits for a line that starts so and returns the rest of it. */
  async said(start: string, timeoutMs = 20_000): Promise<string> {
    const line = await waitFor(
      () => {
        const found = this.lines.find((candidate) => candidate.startsWith(start));
        if (found === undefined && !this.isRunning) {
          return `gone: ${[...this.lines, this.complaint].join('\n')}`;
        }
        return found;
      },
      { timeoutMs, what: `"${start}" from process ${this.pid}` },
    );
    if (!line.startsWith(start)) throw new Error(`process ${this.pid} ended first; ${line}`);
    return line.slice(start.length);
  }

  /** Sends a signal and waits for the end; the exit code, or null after a signal. */
  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal !== undefined && this.isRunning) this.child.kill(signal);
    await this.ended;
    return this.child.exitCode;
  }
}

function linesInto(lines: string[]): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return (chunk) => {
    const complete = (rest + decoder.write(chunk)).split('\n');
    rest = complete.pop() ?? '';
    lines.push(...complete);
  };
}
