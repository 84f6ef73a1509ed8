import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { errors } from '../errors.js';
import type { FromGuard, GuardOptions, GuardUser, ToGuard } from './guard-protocol.js';
import type { ServerLayout } from './layout.js';

/** One process's registration with the guard: it lasts as long as the connection. */
export interface GuardSession {
  /** Who else was registered when this one joined. */
  readonly others: readonly GuardUser[];
  readonly isOpen: boolean;
  /** Called when the guard sees that the server is gone. */
  onDown: () => void;
  /** Called when the guard itself is gone without having been asked. */
  onLost: () => void;
  /** Leaves; with `isImmediate` an unused server is stopped at once and the promise waits for that. */
  leave(isImmediate: boolean): Promise<void>;
}

/** Who joins. */
export interface JoinOptions {
  readonly user: GuardUser;
  readonly lingerMs: number;
}

/** Joins the guard that is running, if one is. */
export async function joinGuard(
  guardSocket: string,
  options: JoinOptions,
): Promise<GuardSession | undefined> {
  const socket = connect(guardSocket);
  socket.setEncoding('utf8');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const welcome = new Promise<readonly GuardUser[] | undefined>((resolve) => {
    listen(socket, (message) => {
      if (message.kind === 'welcome') resolve(message.others);
      else session.onDown();
    });
    void closed.then(() => resolve(undefined));
  });
  socket.on('error', () => undefined);
  socket.once('connect', () => say(socket, { kind: 'join', ...options }));
  let isLeaving = false;
  const session: { -readonly [K in keyof GuardSession]: GuardSession[K] } = {
    others: [],
    get isOpen() {
      return !socket.destroyed;
    },
    onDown: () => undefined,
    onLost: () => undefined,
    leave: async (isImmediate) => {
      isLeaving = true;
      if (socket.destroyed) return;
      socket.ref();
      say(socket, { kind: 'leave', isImmediate });
      await closed;
    },
  };
  const others = await welcome;
  if (others === undefined) return undefined;
  session.others = others;
  socket.unref();
  void closed.then(() => {
    if (!isLeaving) session.onLost();
  });
  return session;
}

function say(socket: Socket, message: ToGuard): void {
  socket.write(`${JSON.stringify(message)}\n`);
}

function listen(socket: Socket, receive: (message: FromGuard) => void): void {
  let rest = '';
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) receive(JSON.parse(line) as FromGuard);
  });
}

const START_TIMEOUT_MS = 60_000;

/** Starts a guard and joins it; the caller holds the home's lock. @throws postgres_start_failed */
export async function startGuard(
  layout: ServerLayout,
  pgCtl: string,
  options: JoinOptions,
): Promise<GuardSession> {
  const guardId = randomUUID();
  const state = { guardId, dataDir: layout.dataDir, startedBy: options.user };
  writeFileSync(layout.stateFile, JSON.stringify(state), { mode: 0o600 });
  spawnGuard(layout.logFile, {
    guardId,
    guardSocket: layout.guardSocket,
    lockFile: layout.lockFile,
    stateFile: layout.stateFile,
    pidFile: join(layout.dataDir, 'postmaster.pid'),
    dataDir: layout.dataDir,
    pgCtl,
    lingerMs: options.lingerMs,
    startTimeoutMs: START_TIMEOUT_MS,
  });
  const deadlineMs = performance.now() + 20_000;
  while (performance.now() < deadlineMs) {
    const session = await joinGuard(layout.guardSocket, options);
    if (session !== undefined) return session;
    await sleep(15);
  }
  throw errors.postgres_start_failed(`The guard did not start; see ${layout.logFile}.`);
}

function spawnGuard(logFile: string, options: GuardOptions): void {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const script = fileURLToPath(new URL(`./guard-main.${extension}`, import.meta.url));
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(
    process.execPath,
    ['--max-old-space-size=64', '--no-warnings', script, JSON.stringify(options)],
    { detached: true, stdio: ['ignore', 'ignore', log], cwd: '/', windowsHide: true, env: {} },
  );
  child.unref();
  closeSync(log);
}
