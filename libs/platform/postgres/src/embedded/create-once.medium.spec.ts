/**
 * Goal: processes that race for a file, and sweep each other's drafts, all read one text and leave nothing else.
 * Method: real processes over many files of one folder, let go at once.
 */
import { expect, it } from '@jest/globals';
import { SourceProcess } from '@kiki/testing';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FILES = 500;
const script = new URL('./create-once.fixture.ts', import.meta.url);

it('one text wins each race', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kiki-once-'));
  const racers = Array.from({ length: 3 }, () => new SourceProcess(script, [folder, `${FILES}`]));
  try {
    await Promise.all(racers.map((racer) => racer.said('ready')));
    writeFileSync(join(folder, 'go'), '');
    const [first, ...others] = await Promise.all(racers.map((racer) => racer.said('read ')));
    for (const other of others) expect(other).toBe(first);
    expect(JSON.parse(first!)).toHaveLength(FILES);
    expect(readdirSync(folder)).toHaveLength(FILES + 1);
  } finally {
    for (const racer of racers) await racer.end('SIGKILL');
    rmSync(folder, { recursive: true });
  }
});
