/**
 * Goal: `kiki value` fits what the literature fits, from files, and says what is wrong with a file. Method: CDNOW
 * (skipped where it is absent) and small files, through the whole command line in this process; no service runs.
 */
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { RecordingTerminal, runCli } from '@kiki/cli';
import { describeWithData } from '@kiki/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { valueCommands } from './value-commands.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), 'kiki-value-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, lines: readonly string[]): string {
  const target = join(folder, name);
  writeFileSync(target, lines.map((line) => `${line}\n`).join(''));
  return target;
}

async function value(...args: string[]) {
  const terminal = new RecordingTerminal();
  const program = { name: 'kiki', version: '0', summary: '', commands: valueCommands({}) };
  const exitCode = await runCli(program, ['value', ...args], { terminal });
  const last = terminal.output.at(-1) ?? '';
  return { exitCode, last, output: terminal.output.join('\n'), notes: terminal.notes.join('\n') };
}

async function fit(...args: string[]): Promise<Record<string, unknown>> {
  const { exitCode, last, notes } = await value('fit', '--json', ...args);
  expect([exitCode, notes]).toEqual([0, expect.any(String)]);
  return JSON.parse(last) as Record<string, unknown>;
}

describeWithData('ltv/CDNOW_sample.txt', 'kiki value on CDNOW, 1/10 sample', (path) => {
  const cdnow = ['--orders', path, '--calibration-end', '1997-09-30'];

  it.each([
    ['bgnbd', -9582.4292, { r: 0.2425945, alpha: 4.4136019, a: 0.7929199, b: 2.4258881 }],
    ['mbgnbd', -9582.1357, { r: 0.525, alpha: 6.183, a: 0.891, b: 1.614 }],
    ['paretonbd', -9594.976, { r: 0.5533, alpha: 10.578, s: 0.606, beta: 11.67 }],
  ])('fits %s', async (model, logLikelihood, published) => {
    const answer = await fit(...cdnow, '--model', model);
    expect(answer).toMatchObject({ kind: model, n: 2357, dropoutIdentified: true, warnings: [] });
    expect(Math.abs(Number(answer['logLikelihood']) - logLikelihood)).toBeLessThan(1e-3);
    const parameters = answer['parameters'] as Record<string, number>;
    for (const [name, expected] of Object.entries(published)) {
      expect(Math.abs((parameters[name] ?? NaN) / expected - 1)).toBeLessThan(2e-3);
    }
    expect(Object.keys(answer['standardErrors'] as object)).toEqual(Object.keys(published));
  });

  it('answers to the names of its columns, which the file does not have', async () => {
    const columns = ['--columns', 'id=customer_id,date=date,amount=dollar_value'];
    const [named, plain] = [
      await fit(...cdnow, ...columns, '--model', 'bgnbd'),
      await fit(...cdnow, '--model', 'bgnbd'),
    ];
    expect(named).toEqual(plain);
  });

  it('picks the likeliest, and fits spend', async () => {
    const answer = await fit(...cdnow, '--time-unit', 'week');
    expect(answer).toMatchObject({
      ...{ kind: 'mbgnbd', requested: 'auto', timeUnit: 'week', calibrationEnd: '1997-09-30' },
      spend: { kind: 'gamma_gamma', currency: 'USD', customers: 946 },
      file: { rows: 6919, skipped: 0, lastDay: '1998-06-30' },
    });
    expect(Number(answer['nbdLogLikelihood'])).toBeCloseTo(-9763.6576, 3);
  });

  it('fits BG/BB to weeks', async () => {
    const answer = await fit(...cdnow, '--model', 'bgbb');
    expect(answer).toMatchObject({ kind: 'bgbb', n: 2357, dropoutIdentified: true });
    expect(Object.keys(answer['parameters'] as object)).toHaveLength(4);
  });

  it('back-tests beside the naive rate', async () => {
    const { last } = await value('backtest', '--json', ...cdnow, '--model', 'paretonbd');
    const { model, naive } = JSON.parse(last) as Record<string, Record<string, number>>;
    expect(model?.['actual']).toBe(1882);
    expect(model?.['mae']).toBeCloseTo(0.7545, 4);
    expect(naive?.['mae']).toBeCloseTo(1.0237, 4);
    const { output } = await value('backtest', ...cdnow, '--model', 'bgnbd');
    expect(output).toContain('naive x/T');
  });

  it('prints a table for people', async () => {
    const { output, notes } = await value('fit', ...cdnow, '--model', 'bgnbd');
    expect(output).toContain('log-likelihood -9582.4292, 2357 customers, 946 of them repeat');
    expect(notes).toContain('reading the order log');
  });
});

describeWithData('ltv/online_retail_invoices.csv', 'kiki value on Online Retail', (path) => {
  it('answers with NBD where no dropout is to be seen', async () => {
    const columns = 'id=customer_id,date=timestamp,amount=amount_gbp';
    const answer = await fit(
      ...['--orders', path, '--columns', columns, '--refunds', '--ignore-zero'],
      ...['--currency', 'GBP', '--calibration-end', '2011-06-09', '--model', 'bgnbd'],
    );
    expect(answer).toMatchObject({
      ...{ kind: 'nbd', requested: 'bgnbd', n: 2800, dropoutIdentified: false },
      standardErrors: { r: expect.any(Number), alpha: expect.any(Number) },
    });
    expect(JSON.stringify(answer['warnings'])).toContain('dropout_not_identified');
    expect(Number(answer['logLikelihood'])).toBeGreaterThan(-13_255.62);
  });
});

describeWithData('ltv/discreteSimElog.csv', 'kiki value on the yearly log of BTYD', (path) => {
  it('sees seven opportunities until 1977-01-01, as its manual does', async () => {
    const args = ['--orders', path, '--columns', 'id=cust,date=date', '--time-unit', 'year'];
    const cut = await fit(...args, '--model', 'bgbb', '--calibration-end', '1977-01-01');
    const whole = await fit(...args, '--model', 'bgbb', '--calibration-end', '1977-12-31');
    expect(cut).toMatchObject({ kind: 'bgbb', n: 10_000, dropoutIdentified: true });
    expect(Number(cut['logLikelihood'])).toBeCloseTo(-33_013.438, 3);
    expect({ ...cut, calibrationEnd: '' }).toEqual({ ...whole, calibrationEnd: '' });
  });
});

describeWithData('ltv/example_transactions.csv', 'kiki value on the log of lifetimes', (path) => {
  it('fits what its documentation prints', async () => {
    const columns = ['--columns', 'id=id,date=date', '--time-unit', 'day'];
    const { parameters, n } = await fit('--orders', path, ...columns, '--model', 'bgnbd');
    const printed = Object.entries(parameters as Record<string, number>);
    expect([n, ...printed.map(([name, value]) => `${name} ${value.toFixed(2)}`)]).toEqual([
      ...[5000, 'r 0.16', 'alpha 1.86', 'a 1.85', 'b 3.18'],
    ]);
  });
});

describe('kiki value on small files', () => {
  const steady = ['customer,date,total'];
  for (let id = 0; id < 40; id++) {
    for (let k = 0; k <= id % 5; k++) {
      const day = `2025-0${1 + k}-${String(1 + ((id * 7) % 28)).padStart(2, '0')}`;
      steady.push(`c${id},${day},${10 + id}`);
    }
  }
  const orders = ['--orders', file('steady.csv', steady)];
  const columns = ['--columns', 'id=customer,date=date'];

  it('fits a log without amounts, to its last day, in any unit', async () => {
    const weeks = await fit(...orders, ...columns, '--model', 'nbd');
    const days = await fit(...orders, ...columns, '--model', 'nbd', '--time-unit', 'day');
    expect(weeks).toMatchObject({ n: 40, spend: null, calibrationEnd: '2025-05-22' });
    const alpha = (answer: Record<string, unknown>): number =>
      (answer['parameters'] as { alpha: number }).alpha;
    expect(alpha(days) / alpha(weeks)).toBeCloseTo(7, 4);
  });

  it('leaves bad rows out when asked, and names their lines', async () => {
    const bad = file('bad.csv', [...steady, 'c1,2025-02-30,5']);
    const { exitCode, notes, last } = await value(
      ...['fit', '--json', '--orders', bad, '--skip-bad-rows', '--model', 'nbd'],
    );
    expect(exitCode).toBe(0);
    expect(notes).toContain(`line ${steady.length + 1}, date: "2025-02-30"`);
    expect(JSON.parse(last)).toMatchObject({ n: 40, file: { skipped: 1 } });
  });

  it.each<[string, string[], number, string, string]>([
    ['no file', [], 2, 'usage_invalid', '--orders'],
    [
      'a column that is not there',
      [...orders, '--columns', 'id=who,date=date'],
      2,
      'order_log_column_missing',
      'no column "who"',
    ],
    [
      'half a map',
      [...orders, '--columns', 'id=customer'],
      2,
      'order_log_columns_invalid',
      'date=…',
    ],
    [
      'a bad row',
      ['--orders', file('row.csv', [...steady, 'x,soon,1'])],
      2,
      'date_invalid',
      `Line ${steady.length + 1}, date`,
    ],
    [
      'a bad model',
      [...orders, '--model', 'arima'],
      2,
      'usage_invalid',
      '--model: expected one of bgnbd',
    ],
    [
      'a bad day',
      [...orders, '--calibration-end', '1997-13-01'],
      2,
      'usage_invalid',
      '--calibration-end',
    ],
    [
      'a day before the log',
      [...orders, '--calibration-end', '2024-01-01'],
      2,
      'calibration_end_invalid',
      '--calibration-end',
    ],
    [
      'years of a model of continuous time',
      [...orders, '--time-unit', 'year'],
      2,
      'usage_invalid',
      '--time-unit',
    ],
    [
      'too few customers',
      ['--orders', file('few.csv', steady.slice(0, 4))],
      1,
      'clv_not_enough_data',
      'at least 10',
    ],
  ])('refuses %s', async (_name, args, code, error, words) => {
    const { exitCode, notes, last } = await value('fit', '--json', ...args);
    expect([exitCode, notes]).toEqual([code, expect.stringContaining(words)]);
    expect(JSON.parse(last)).toMatchObject({ error: { code: error } });
  });
});
