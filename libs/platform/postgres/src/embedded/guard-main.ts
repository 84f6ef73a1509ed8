/**
 * The guard: a small process of its own that outlives its users. Each user holds a connection to it; when the last
 * one is gone, however it went, the guard stops the server. It starts as plain Node, also from source, so it imports
 * only files that import nothing of this package.
 */
import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GuardOptions, GuardUser, ToGuard } from './guard-protocol.js';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const { waitForLock } = (await import(
  new URL(`./home-lock.${extension}`, import.meta.url).href
)) as typeof import('./home-lock.js');
const { isAlive, programOf } = (await import(
  new URL(`./processes.${extension}`, import.meta.url).href
)) as typeof import('./processes.js');

const options = JSON.parse(process.argv[2] ?? '{}') as GuardOptions;
const users = new Map<Socket, GuardUser>();
let lastPid: number | undefined;
let lingerMs = 0;
let stopTimer: NodeJS.Timeout | undefined;
let isStopping = false;

function recordedPid(): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(options.pidFile, 'utf8'), 10);
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function livingServer(): number | undefined {
  const pid = recordedPid() ?? lastPid;
  if (pid === undefined || !isAlive(pid)) return undefined;
  const program = programOf(pid);
  return program === '' || program.startsWith('postgres') ? pid : undefined;
}

function isSuperseded(): boolean {
  try {
    const state = JSON.parse(readFileSync(options.stateFile, 'utf8')) as { guardId?: string };
    return state.guardId !== options.guardId;
  } catch {
    return false;
  }
}

function send(socket: Socket, message: unknown): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

function scheduleStop(afterMs: number): void {
  clearTimeout(stopTimer);
  if (users.size === 0) stopTimer = setTimeout(() => void stopIfUnused(), afterMs);
}

/** The home's lock keeps a new user from adopting a server that is being stopped. */
async function stopIfUnused(): Promise<void> {
  const lock = await waitForLock(options.lockFile, options.startTimeoutMs);
  if (lock === undefined || users.size > 0) {
    lock?.release();
    return scheduleStop(lingerMs);
  }
  isStopping = true;
  server.close();
  if (!isSuperseded()) {
    await stopServer();
    rmSync(options.stateFile, { force: true });
  }
  lock.release();
  process.exit(0);
}

async function stopServer(): Promise<void> {
  const pid = livingServer();
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    execFile(options.pgCtl, ['stop', '-D', options.dataDir, '-m', 'fast', '-W']);
  } else {
    process.kill(pid, 'SIGINT');
  }
  const deadlineMs = performance.now() + options.startTimeoutMs;
  while (isAlive(pid) && performance.now() < deadlineMs) await sleep(10);
  if (process.platform !== 'win32' && isAlive(pid)) process.kill(pid, 'SIGQUIT');
}

function leave(socket: Socket, afterMs: number): void {
  if (users.delete(socket)) scheduleStop(afterMs);
}

function receive(socket: Socket, message: ToGuard): void {
  if (message.kind === 'leave') {
    leave(socket, message.isImmediate ? 0 : lingerMs);
    if (users.size > 0 || !message.isImmediate) socket.end();
    return;
  }
  // Too late: it connected before the socket was closed. It finds that out, and starts the next server.
  if (isStopping) return void socket.destroy();
  const others = [...users.values()];
  users.set(socket, message.user);
  lingerMs = Math.max(lingerMs, message.lingerMs);
  clearTimeout(stopTimer);
  send(socket, { kind: 'welcome', others });
}

const server = createServer((socket) => {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) receive(socket, JSON.parse(line) as ToGuard);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => leave(socket, lingerMs));
});

/**
 * Users restart a server that died under them; the guard only tells them. One that died before
 * it was ever seen here has left its file; whoever is just starting over such a file does not
 * listen.
 */
function watchServer(): void {
  const pid = livingServer();
  if (pid === undefined && (lastPid ?? recordedPid()) !== undefined) {
    for (const socket of users.keys()) send(socket, { kind: 'down' });
  }
  lastPid = pid ?? lastPid;
  if (isSuperseded()) process.exit(0);
}

if (process.platform !== 'win32') rmSync(options.guardSocket, { force: true });
server.listen(options.guardSocket, () => {
  lingerMs = options.lingerMs;
  scheduleStop(options.startTimeoutMs);
  setInterval(watchServer, 250);
});
