/**
 * Goal: a log that cannot be used is refused before anything is started, with its own code, the place in the
 * file and a fix. Method: the demo command in this process on small files; nothing listens, no store is opened.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import { RecordingTerminal, runCli } from '@kiki/cli';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoCommand } from './demo-command.js';

const folder = mkdtempSync(join(tmpdir(), 'kiki-bad-orders-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, ...lines: string[]): string {
  const target = join(folder, name);
  writeFileSync(target, lines.map((line) => `${line}\n`).join(''));
  return target;
}

async function demo(args: readonly string[]) {
  const terminal = new RecordingTerminal();
  const commands = [demoCommand({ KIKI_HOME: join(folder, 'home') })];
  const program = { name: 'kiki', version: '0', summary: '', commands };
  const all = ['demo', '--json', '--out', join(folder, 'out'), ...args];
  const exitCode = await runCli(program, all, { terminal });
  return { exitCode, notes: terminal.notes.join('\n'), last: terminal.output.at(-1) ?? '' };
}

const good = ['customer,date,amount', 'a,2025-01-01,10', 'a,2025-03-01,5', 'b,2025-02-01,7'];
const bad = (name: string, row: string): string[] => ['--orders', file(name, ...good, row)];

describe('kiki demo on a bad log', () => {
  it.each<[string, string[], string, string]>([
    ['no such file', ['--orders', 'no-such.csv'], 'order_file_unreadable', 'no such file'],
    ['a folder', ['--orders', folder], 'order_file_unreadable', 'is not a file'],
    [
      'a day that does not exist',
      bad('date.csv', 'c,2025-02-30,1'),
      'date_invalid',
      'Line 5, date: "2025-02-30"',
    ],
    ['NaN', bad('nan.csv', 'c,2025-02-03,NaN'), 'amount_invalid', 'Line 5, amount'],
    ['an undeclared refund', bad('minus.csv', 'c,2025-02-03,-1'), 'amount_negative', 'Line 5'],
    ['a torn row', bad('torn.csv', 'c,2025-02-03'), 'order_row_malformed', 'Line 5'],
    ['an empty file', ['--orders', file('empty.csv')], 'order_log_empty', 'no rows'],
    [
      'a column that is not there',
      ['--orders', file('c.csv', ...good), '--columns', 'id=customer,date=date,amount=total'],
      'order_log_column_missing',
      'it has: customer, date, amount',
    ],
    [
      'no amounts',
      ['--orders', file('none.csv', 'customer,date', 'a,2025-01-01', 'a,2025-02-01')],
      'invalid_request',
      'has no amounts',
    ],
    [
      'a calibration that ends after the log',
      ['--orders', file('end.csv', ...good), '--calibration-end', '2026-01-01'],
      'calibration_end_invalid',
      'does not lie within 2025-01-01 and 2025-03-01',
    ],
    ['a seed that is none', ['--seed', 'x'], 'usage_invalid', '--seed: expected a whole number'],
  ])('refuses %s with exit code 2', async (_name, args, code, words) => {
    const { exitCode, notes, last } = await demo(args);
    expect([exitCode, notes]).toEqual([2, expect.stringContaining(words)]);
    expect(notes).toContain('fix: ');
    expect(JSON.parse(last)).toMatchObject({ error: { code } });
  });
});
