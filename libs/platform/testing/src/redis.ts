import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { ChildServer } from './child-server.js';
import { freePort } from './free-port.js';
import { privateDirectory } from './private-directory.js';
import { waitFor } from './wait-for.js';

/** A private Redis on a free port of loopback. */
export interface TestRedis {
  /** `redis://127.0.0.1:<port>`. */
  readonly url: string;
  readonly port: number;
  /** Kills it with -9 and starts it again on the same port; its data survives with `appendonly yes` only. */
  crashAndRestart(): Promise<void>;
  /** Kills it with -9 and leaves it down until `start`. */
  crash(): Promise<void>;
  start(): Promise<void>;
  /** Stops it and deletes its data. */
  stop(): Promise<void>;
}

const PROGRAMS = [
  '/usr/bin/redis-server',
  '/usr/local/bin/redis-server',
  '/opt/homebrew/bin/redis-server',
];

/** Why Redis cannot be used, or undefined: for `describeUnless`. */
export function redisMissing(): string | undefined {
  return program() === undefined ? 'no redis-server is installed' : undefined;
}

function program(): string | undefined {
  return PROGRAMS.find((path) => existsSync(path));
}

/**
 * Starts a private Redis (no persistence, `noeviction`); undefined, with the reason printed, where none is installed.
 * `settings` are added to the command line, e.g. `{ appendonly: 'yes', appendfsync: 'always' }`.
 */
export async function startRedis(
  settings: Readonly<Record<string, string>> = {},
): Promise<TestRedis | undefined> {
  const path = program();
  if (path === undefined) {
    process.stdout.write(`skipped: ${redisMissing()}\n`);
    return undefined;
  }
  const port = await freePort();
  const directory = privateDirectory('kiki-redis-');
  const all = {
    bind: '127.0.0.1',
    port: String(port),
    dir: directory.path,
    save: '',
    appendonly: 'no',
    'maxmemory-policy': 'noeviction',
    ...settings,
  };
  const flags = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
  const server = new ChildServer(path, flags, directory.path);
  const start = async (): Promise<void> => {
    server.start();
    await waitFor(() => answers(port), { what: `Redis to start\n${server.log}` });
  };
  const crash = (): Promise<void> => server.end('SIGKILL');
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    start,
    crash,
    crashAndRestart: async () => {
      await crash();
      await start();
    },
    stop: async () => {
      await server.end('SIGTERM');
      await directory.remove();
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('data', (chunk: Buffer) => {
      resolve(chunk.toString('latin1').startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
