import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { childEnvironment, repositoryRoot, waitFor } from '@kiki/testing';

/** One of the five processes, as an operator starts it. */
export class ServiceProcess {
  private child: ChildProcess | undefined;
  private output = '';

  constructor(
    readonly name: string,
    private readonly environment: Readonly<Record<string, string>>,
    private readonly args: readonly string[] = [],
  ) {}

  /** Everything it printed since it was last started. */
  get log(): string {
    return this.output;
  }

  start(): void {
    const main = path.join(repositoryRoot, 'apps', this.name, 'dist', 'main.js');
    if (!existsSync(main)) throw new Error(`${main} is missing: run \`npm run build\` first`);
    this.output = '';
    const child = spawn(process.execPath, [main, ...this.args], {
      cwd: path.join(repositoryRoot, 'apps', this.name),
      env: { ...childEnvironment(), ...this.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.output += chunk.toString('utf8')));
    }
    this.child = child;
  }

  /** Resolves when the banner is printed; fails at once when the process ended instead. */
  async ready(): Promise<void> {
    const hasSpoken = (): boolean => /^KIKI \d/m.test(this.output);
    const hasEnded = (): boolean => this.child?.exitCode !== null || this.child.signalCode !== null;
    await waitFor(() => hasSpoken() || hasEnded(), {
      timeoutMs: 110_000,
      what: `${this.name} to start`,
    });
    if (!hasSpoken()) throw new Error(`${this.name} did not start:\n${this.output}`);
  }

  /** The first key, when this process was the one that made it. */
  get firstKey(): string | undefined {
    return /First key.*: (kiki_\S+)/.exec(this.output)?.[1];
  }

  /** Sends a signal (several times when asked) and resolves with how the process ended. */
  async end(signal: NodeJS.Signals, times = 1): Promise<number | NodeJS.Signals | null> {
    const child = this.child;
    if (child === undefined) return null;
    this.child = undefined;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      for (let i = 0; i < times; i++) child.kill(signal);
      await ended;
    }
    return child.exitCode ?? child.signalCode;
  }
}
