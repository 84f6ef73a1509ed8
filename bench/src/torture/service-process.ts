import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childEnvironment, repositoryRoot, waitFor } from '@kiki/testing';

const RESTARTS = 60;
const RESTART_MS = 500;

/** How one service is started. */
export interface ServiceProcessOptions {
  /** Which of `apps/`. */
  readonly app: string;
  /** What it is called in messages; its log is `<name>.log` in the folder. @default the app */
  readonly name?: string;
  /** Where its log goes. */
  readonly folder: string;
  readonly httpPort: number;
  /** Beside `childEnvironment()` and HOME. */
  readonly environment: Readonly<Record<string, string>>;
  /** Given to node before the script, e.g. `--import=…`. */
  readonly nodeOptions?: readonly string[];
}

/** One service alone as a process that can be killed, paused and started again. */
export class ServiceProcess {
  private child: ChildProcess | undefined;

  constructor(private readonly options: ServiceProcessOptions) {}

  get baseUrl(): string {
    return `http://127.0.0.1:${this.options.httpPort}`;
  }

  /**
   * Starts it and waits until it is ready. Without its database a service says so and ends; like a supervisor this
   * starts it again, for half a minute.
   */
  async start(): Promise<void> {
    for (let left = RESTARTS; ; left--) {
      this.child = this.spawn();
      try {
        return await this.ready();
      } catch (error) {
        if (left === 0 || !this.logTail().includes('could not start (unavailable)')) throw error;
        await sleep(RESTART_MS);
      }
    }
  }

  /** Waits until /ready answers 200, which includes the database; fails at once when the process ended. */
  async ready(): Promise<void> {
    const hasEnded = (): boolean => this.child?.exitCode !== null || this.child.signalCode !== null;
    await waitFor(async () => hasEnded() || (await isReady(this.baseUrl)), {
      timeoutMs: 120_000,
      what: `${this.name} to be ready`,
      everyMs: 20,
    });
    if (hasEnded()) throw new Error(`${this.name} ended by itself:\n${this.logTail()}`);
  }

  /** Ends the process as the kernel does, no handler runs; resolves when it is gone. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** Stops every thread of the process where it is, and lets it go on later. */
  async pauseFor(ms: number): Promise<void> {
    this.child?.kill('SIGSTOP');
    await sleep(ms);
    this.child?.kill('SIGCONT');
  }

  /** Asks it to stop and waits; returns the exit code. */
  async stop(): Promise<number | null> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null) return child?.exitCode ?? null;
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    return Promise.race([ended, sleep(60_000, null)]);
  }

  logTail(): string {
    return this.logLines().slice(-15).join('\n');
  }

  /** Lines of its log that tell of an error. */
  errorLines(): string[] {
    return this.logLines().filter((line) => line.includes('"level":"error"'));
  }

  private get name(): string {
    return this.options.name ?? this.options.app;
  }

  private logLines(): string[] {
    const path = this.logPath();
    return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
  }

  private logPath(): string {
    return join(this.options.folder, `${this.name}.log`);
  }

  private spawn(): ChildProcess {
    const { app, environment, nodeOptions = [] } = this.options;
    const log = openSync(this.logPath(), 'a', 0o600);
    const main = join(repositoryRoot, 'apps', app, 'dist/main.js');
    const child = spawn(process.execPath, [...nodeOptions, main], {
      cwd: repositoryRoot,
      stdio: ['ignore', log, log],
      env: { ...childEnvironment(), HOME: process.env['HOME'], ...environment },
    });
    closeSync(log);
    return child;
  }
}

async function isReady(baseUrl: string): Promise<boolean> {
  try {
    const answer = await fetch(`${baseUrl}/ready`, { signal: AbortSignal.timeout(2000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}
