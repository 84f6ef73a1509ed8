import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryRoot, waitFor } from '@kiki/testing';
import type { ConnectionOptions } from '@kiki/postgres';

/** What a replica of SyncShield is started with. */
export interface ReplicaOptions {
  readonly name: string;
  readonly home: string;
  readonly secret: string;
  readonly port: number;
  readonly database: ConnectionOptions;
  /** Given to node before the script, e.g. `--import=…`. */
  readonly nodeOptions?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** One SyncShield process over a PostgreSQL that it shares with others; it can be killed, paused and started again. */
export class ShieldReplica {
  private child: ChildProcess | undefined;
  /** Times it was killed. */
  kills = 0;

  constructor(readonly options: ReplicaOptions) {}

  get baseUrl(): string {
    return `http://127.0.0.1:${this.options.port}`;
  }

  /** Starts it and waits until it is ready. */
  async start(): Promise<void> {
    this.child = this.spawn();
    await this.ready();
  }

  /** Waits until /ready answers 200, which includes the database; fails at once when the process ended. */
  async ready(): Promise<void> {
    const hasEnded = (): boolean => this.child?.exitCode !== null || this.child.signalCode !== null;
    await waitFor(async () => hasEnded() || (await this.isReady()), {
      timeoutMs: 120_000,
      what: `${this.options.name} to be ready`,
      everyMs: 20,
    });
    if (hasEnded()) throw new Error(`${this.options.name} ended by itself:\n${this.logTail()}`);
  }

  /** Ends the process as the kernel does, no handler runs; resolves when it is gone. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    this.kills++;
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
    const path = this.logPath();
    if (!existsSync(path)) return '';
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-15).join('\n');
  }

  /** Lines of its log that tell of an error. */
  errorLines(): string[] {
    const path = this.logPath();
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').split('\n');
    return lines.filter((line) => line.includes('"level":"error"'));
  }

  private async isReady(): Promise<boolean> {
    try {
      const answer = await fetch(`${this.baseUrl}/ready`, { signal: AbortSignal.timeout(2000) });
      await answer.arrayBuffer();
      return answer.ok;
    } catch {
      return false;
    }
  }

  private logPath(): string {
    return join(this.options.home, `${this.options.name}.log`);
  }

  private spawn(): ChildProcess {
    const { home, secret, port, database, nodeOptions = [], environment = {} } = this.options;
    const log = openSync(this.logPath(), 'a', 0o600);
    const main = join(repositoryRoot, 'apps/syncshield/dist/main.js');
    const child = spawn(process.execPath, [...nodeOptions, main], {
      cwd: repositoryRoot,
      stdio: ['ignore', log, log],
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        KIKI_HOME: join(home, this.options.name),
        KIKI_SECRET: secret,
        DATABASE_URL: databaseUrl(database),
        SYNCSHIELD_HTTP_PORT: String(port),
        ...environment,
      },
    });
    closeSync(log);
    return child;
  }
}

function databaseUrl({ host, port, user, password, database }: ConnectionOptions): string {
  const url = new URL(`postgresql://${host}:${port}/${encodeURIComponent(database)}`);
  url.username = encodeURIComponent(user);
  if (password !== undefined) url.password = encodeURIComponent(password);
  return url.href;
}
