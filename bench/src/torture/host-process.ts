import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, repositoryRoot, waitFor } from '@kiki/testing';
import { killPostmaster, postmasterPid } from './postmaster.js';

/** Where each service of the host listens. */
export interface HostPorts {
  readonly syncvalue: number;
  readonly syncvalueGrpc: number;
  readonly syncshield: number;
  readonly syncflow: number;
  readonly synccreate: number;
  readonly syncengage: number;
  readonly kiki: number;
}

/** What the host is started with. */
export interface HostOptions {
  readonly home: string;
  readonly secret: string;
  readonly ports: HostPorts;
  /** Given to node before the script, e.g. `--import=…`. */
  readonly nodeOptions?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Free ports for one host. */
export async function freePorts(): Promise<HostPorts> {
  const ports: number[] = [];
  while (ports.length < 7) {
    const port = await freePort();
    if (!ports.includes(port)) ports.push(port);
  }
  const [syncvalue, syncvalueGrpc, syncshield, syncflow, synccreate, syncengage, kiki] = ports;
  return {
    syncvalue: syncvalue!,
    syncvalueGrpc: syncvalueGrpc!,
    syncshield: syncshield!,
    syncflow: syncflow!,
    synccreate: synccreate!,
    syncengage: syncengage!,
    kiki: kiki!,
  };
}

/** `kiki up` as a process that can be killed and started again. */
export class HostProcess {
  private child: ChildProcess | undefined;

  constructor(private readonly options: HostOptions) {}

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Starts it and waits until every service is ready; returns how long that took, milliseconds. */
  async start(): Promise<number> {
    const startedMs = performance.now();
    this.child = this.spawn();
    await this.ready(120_000);
    return performance.now() - startedMs;
  }

  /** Waits until every service answers /ready with 200. */
  async ready(timeoutMs: number): Promise<void> {
    const { syncvalue, syncshield, syncflow, synccreate, syncengage } = this.options.ports;
    const ports = [syncvalue, syncshield, syncflow, synccreate, syncengage];
    await waitFor(async () => (await Promise.all(ports.map(isReady))).every(Boolean), {
      timeoutMs,
      what: `the host to be ready; its last lines:\n${this.logTail()}`,
      everyMs: 25,
    });
  }

  /** Ends the process as the kernel does: no handler runs. */
  kill(): void {
    this.child?.kill('SIGKILL');
  }

  /** Ends PostgreSQL's postmaster and its backends the same way; false when no server is recorded. */
  killServer(): boolean {
    return killPostmaster(this.options.home);
  }

  postmasterPid(): number | undefined {
    return postmasterPid(this.options.home);
  }

  /** Asks it to stop and waits; returns the exit code. */
  async stop(): Promise<number | null> {
    const child = this.child;
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
    return join(this.options.home, 'host.log');
  }

  private spawn(): ChildProcess {
    const { home, secret, ports, nodeOptions = [], environment = {} } = this.options;
    const log = openSync(this.logPath(), 'a', 0o600);
    const child = spawn(
      process.execPath,
      [...nodeOptions, join(repositoryRoot, 'apps/kiki/dist/main.js'), 'up'],
      {
        cwd: repositoryRoot,
        stdio: ['ignore', log, log],
        env: {
          PATH: process.env['PATH'],
          HOME: process.env['HOME'],
          KIKI_HOME: home,
          KIKI_SECRET: secret,
          KIKI_HTTP_PORT: String(ports.kiki),
          SYNCVALUE_HTTP_PORT: String(ports.syncvalue),
          SYNCVALUE_GRPC_PORT: String(ports.syncvalueGrpc),
          SYNCSHIELD_HTTP_PORT: String(ports.syncshield),
          SYNCFLOW_HTTP_PORT: String(ports.syncflow),
          SYNCCREATE_HTTP_PORT: String(ports.synccreate),
          SYNCENGAGE_HTTP_PORT: String(ports.syncengage),
          ...environment,
        },
      },
    );
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
