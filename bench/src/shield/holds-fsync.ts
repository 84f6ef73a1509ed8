import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { median } from '../harness/statistics.js';

const WRITES = 200;
const PAGE = Buffer.alloc(8_192, 1);

/** How long it takes to write one page to a file of this directory's disk and flush it, median, ms. */
export async function fsyncMs(directory: string): Promise<number> {
  const path = join(directory, 'fsync-probe');
  const file = await open(path, 'w');
  const times: number[] = [];
  for (let write = 0; write < WRITES; write++) {
    const startedMs = performance.now();
    await file.write(PAGE, 0, PAGE.length, 0);
    await file.datasync();
    times.push(performance.now() - startedMs);
  }
  await file.close();
  await rm(path);
  return median(times);
}
