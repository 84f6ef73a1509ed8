/**
 * Goal: whatever is killed, cut or paused, SyncShield spends nothing twice, forgets nothing and never goes above a
 * cap.
 * Method: a short run of `npm run torture -- shield`; its own `--sabotage` shows that it can fail.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { expect, it, jest } from '@jest/globals';
import { repositoryRoot } from '@kiki/testing';

jest.setTimeout(300_000);

interface Verdict {
  readonly code: number | null;
  readonly output: string;
}

function torture(...args: string[]): Promise<Verdict> {
  const main = path.join(repositoryRoot, 'bench/dist/torture-main.js');
  const child = spawn(process.execPath, [main, 'shield', ...args], { cwd: repositoryRoot });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  }
  return new Promise((resolve) => child.once('exit', (code) => resolve({ code, output })));
}

it('holds under faults of every kind', async () => {
  const { code, output } = await torture('--seed', '1', '--minutes', '0');
  expect({ code, output }).toMatchObject({ code: 0 });
});
