/**
 * Goal: what a process may have spent survives it, whole lines only, and the files stay small.
 * Method: real files in a folder of their own; a crash is a copy of the folder in its midst.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFileSync, cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileLeaseJournal } from './file-lease-journal.js';

let home: string;
let crashes = 0;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kiki-journal-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const files = (folder: string) => readdirSync(folder).filter((name) => /^lease-/.test(name));

/** The folder as a crash would leave it now. */
function crashed(folder: string): string {
  const copy = join(home, `crash-${crashes++}`);
  cpSync(folder, copy, { recursive: true });
  return copy;
}

describe('a journal of leases', () => {
  it('says at the next start what was written and not forgotten', async () => {
    const folder = join(home, 'j');
    const journal = await FileLeaseJournal.open(folder);
    expect(journal.left).toEqual([]);
    await journal.write([
      { leaseId: 'a', uptoMicros: 10n },
      { leaseId: 'b', uptoMicros: 9_007_199_254_740_991n },
    ]);
    await journal.write([{ leaseId: 'a', uptoMicros: 30n }]);
    await journal.write([{ leaseId: 'c', uptoMicros: 1n }]);
    journal.forget('c');
    await journal.write([{ leaseId: 'd', uptoMicros: 0n }]);
    const next = await FileLeaseJournal.open(crashed(folder));
    expect(next.epoch).toBeGreaterThan(journal.epoch);
    expect(next.left).toEqual([
      { leaseId: 'a', uptoMicros: 30n },
      { leaseId: 'b', uptoMicros: 9_007_199_254_740_991n },
      { leaseId: 'd', uptoMicros: 0n },
    ]);
    for (const { leaseId } of next.left) next.forget(leaseId);
    await next.close();
    await journal.close();
    expect(files(folder)).toHaveLength(1);
    const last = await FileLeaseJournal.open(folder);
    expect(last.left).toHaveLength(3);
    await last.close();
  });

  it('belongs to one process at a time', async () => {
    const journal = await FileLeaseJournal.open(home);
    await expect(FileLeaseJournal.open(home)).rejects.toMatchObject({ code: 'unavailable' });
    await journal.close();
    expect(files(home)).toEqual([]);
    await (await FileLeaseJournal.open(home)).close();
  });

  it('does not trip over a line that broke off or a file that was not finished', async () => {
    const folder = join(home, 'j');
    const journal = await FileLeaseJournal.open(folder);
    await journal.write([{ leaseId: 'a', uptoMicros: 10n }]);
    const copy = crashed(folder);
    const [name = ''] = files(copy);
    appendFileSync(join(copy, name), '["a","99');
    appendFileSync(join(copy, `${name}.new`), '["b","1"]\n');
    const next = await FileLeaseJournal.open(copy);
    expect(next.left).toEqual([{ leaseId: 'a', uptoMicros: 10n }]);
    expect(files(copy)).toHaveLength(1);
    await next.close();
    await journal.close();
  });

  it('keeps one small file however much is written', async () => {
    const folder = join(home, 'j');
    const journal = await FileLeaseJournal.open(folder);
    const lines = Array.from({ length: 20_000 }, (_, n) => {
      return { leaseId: `lease-${n}`, uptoMicros: BigInt(n) };
    });
    await journal.write([{ leaseId: 'kept', uptoMicros: 5n }]);
    for (let round = 0; round < 4; round++) {
      await journal.write(lines);
      for (const { leaseId } of lines) journal.forget(leaseId);
    }
    await journal.write([]);
    await journal.write([{ leaseId: 'kept', uptoMicros: 7n }]);
    const names = files(folder);
    expect(names).toHaveLength(1);
    expect(statSync(join(folder, names[0]!)).size).toBeLessThan(2_000_000);
    const next = await FileLeaseJournal.open(crashed(folder));
    expect(next.left).toEqual([{ leaseId: 'kept', uptoMicros: 7n }]);
    await next.close();
    await journal.close();
  });
});
