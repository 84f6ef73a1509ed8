import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryRoot, waitFor } from '@kiki/testing';

/** What SyncValue is started with. */
export interface ValueProcessOptions {
  readonly home: string;
  readonly secret: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Given to node before the script, e.g. `--import=…`. */
  readonly nodeOptions: readonly string[];
}

/** SyncValue alone as a process that can be killed and started again. */
export class ValueProcess {
  private child: ChildProcess | undefined;

  constructor(private readonly options: ValueProcessOptions) {}

  /** Starts it and waits until it is ready. */
  async start(): Promise<void> {
    this.child = this.spawn();
    await this.ready();
  }

  /** Waits until /ready answers 200, which includes the database; fails at once when the process ended. */
  async ready(): Promise<void> {
    const { httpPort } = this.options;
    const hasEnded = (): boolean => this.child?.exitCode !== null || this.child.signalCode !== null;
    await waitFor(async () => hasEnded() || (await isReady(httpPort)), {
      timeoutMs: 120_000,
      what: 'SyncValue to be ready',
      everyMs: 20,
    });
    if (hasEnded()) throw new Error(`SyncValue ended by itself:\n${this.logTail()}`);
  }

  /** Ends the process as the kernel does, no handler runs; resolves when it is gone. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
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
    const path = this.logPath();
    return existsSync(path)
      ? readFileSync(path, 'utf8').trimEnd().split('\n').slice(-15).join('\n')
      : '';
  }

  private logPath(): string {
    return join(this.options.home, 'syncvalue.log');
  }

  private spawn(): ChildProcess {
    const { home, secret, httpPort, grpcPort, nodeOptions } = this.options;
    const log = openSync(this.logPath(), 'a', 0o600);
    const main = join(repositoryRoot, 'apps/syncvalue/dist/main.js');
    const child = spawn(process.execPath, [...nodeOptions, main], {
      cwd: repositoryRoot,
      stdio: ['ignore', log, log],
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        KIKI_HOME: home,
        KIKI_SECRET: secret,
        SYNCVALUE_HTTP_PORT: String(httpPort),
        SYNCVALUE_GRPC_PORT: String(grpcPort),
      },
    });
    closeSync(log);
    return child;
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/ready`, {
      signal: AbortSignal.timeout(2000),
    });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}
