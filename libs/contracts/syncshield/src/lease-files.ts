import { open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';

const NAME = /^lease-(\d+)-(\d+)\.journal(\.new)?$/;

/** What the files of a journal say. */
export interface JournalFiles {
  /** By lease, in the order they were first named; finished ones are left out. */
  readonly uptoMicros: Map<string, bigint>;
  readonly epoch: number;
  readonly paths: readonly string[];
}

/** Name of a journal's file; parts count the files of one process. */
export function fileName(epoch: number, part: number): string {
  return `lease-${epoch}-${part}.journal`;
}

/** A line of the journal. */
export function lineOf(leaseId: string, uptoMicros: bigint): string {
  return `${JSON.stringify([leaseId, uptoMicros.toString()])}\n`;
}

/** The line that ends a lease. */
export function endOf(leaseId: string): string {
  return `${JSON.stringify([leaseId])}\n`;
}

/** Reads every file of a folder. A line that breaks off was never relied on. */
export async function readJournals(folder: string): Promise<JournalFiles> {
  const uptoMicros = new Map<string, bigint>();
  const ended = new Set<string>();
  const paths: string[] = [];
  let epoch = 0;
  for (const name of (await readdir(folder)).sort()) {
    const match = NAME.exec(name);
    if (match === null) continue;
    epoch = Math.max(epoch, Number(match[1]));
    paths.push(join(folder, name));
    if (match[3] !== undefined) continue;
    for (const [leaseId, upto] of parse(await readFile(join(folder, name), 'utf8'))) {
      if (upto === undefined) ended.add(leaseId);
      else uptoMicros.set(leaseId, greatest(uptoMicros.get(leaseId) ?? 0n, upto));
    }
  }
  for (const leaseId of ended) uptoMicros.delete(leaseId);
  return { uptoMicros, epoch, paths };
}

/** Makes a file with these lines that is there wholly or not at all, on disk when it resolves. */
export async function createFile(folder: string, name: string, text: string): Promise<void> {
  const path = join(folder, name);
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Removes files that may be gone already. */
export async function removeFiles(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await unlink(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

function* parse(text: string): Generator<readonly [leaseId: string, upto: bigint | undefined]> {
  const lines = text.split('\n');
  // What follows the last newline is a line that broke off.
  for (const line of lines.slice(0, -1)) {
    const [leaseId, upto] = JSON.parse(line) as [string, string?];
    yield [leaseId, upto === undefined ? undefined : BigInt(upto)];
  }
}

function greatest(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
