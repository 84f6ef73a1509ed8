/** A process that races for the files 0, 1, … of a folder as soon as `go` is there, and prints what it read. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createOnce } from './create-once.js';

const [folder = '', count] = process.argv.slice(2);
process.stdout.write('ready\n');
while (!existsSync(join(folder, 'go')));
const texts = Array.from({ length: Number(count) }, (_, file) =>
  createOnce(join(folder, String(file)), () => `by ${process.pid}`),
);
process.stdout.write(`read ${JSON.stringify(texts)}\n`);
