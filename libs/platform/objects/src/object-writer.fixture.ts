/** Stores objects without end and says the hash of each as soon as it is acknowledged; to be killed. */
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { FileObjectStore } from './file-object-store.js';

const store = new FileObjectStore({ root: process.argv[2] ?? '' });
const write = async (): Promise<never> => {
  for (;;) {
    const { sha256 } = await store.put('default', randomBytes(20_000), 'image/png');
    writeSync(1, `${sha256}\n`);
  }
};
await Promise.all([write(), write(), write(), write()]);
