/**
 * `nx serve <service>`: builds the app whose folder is the working directory, then runs it in this process. A lock lets one
 * build at a time: five shells may start five services at once, and none must read what another is still writing.
 */
import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const LOCK = join(ROOT, 'dist', 'serve.lock');

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** The process that holds the lock; undefined when it just went. */
function holder() {
  try {
    return Number(readFileSync(LOCK, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

async function lock() {
  mkdirSync(dirname(LOCK), { recursive: true });
  const draft = `${LOCK}.${process.pid}`;
  writeFileSync(draft, String(process.pid));
  for (;;) {
    try {
      linkSync(draft, LOCK); // complete from the first moment, and refused when there is one
      return rmSync(draft);
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const pid = holder();
      if (pid !== undefined && !isAlive(pid)) rmSync(LOCK, { force: true });
      else await sleep(100);
    }
  }
}

function build(folder) {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-b', folder], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const app = process.cwd();
const release = () => rmSync(LOCK, { force: true });
await lock();
process.once('exit', release);
build(app);
release();
process.off('exit', release);
await import(pathToFileURL(join(app, 'dist', 'main.js')).href);
