/**
 * Goal: the same log gives the same fit in whatever file it comes, small or large, here or in S3, and a file that is none
 * is named. Method: one simulated log written in many ways, through the whole command line in this process.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { RecordingTerminal, runCli } from '@kiki/cli';
import { columnarMissing, withEngine } from '@kiki/columnar';
import { SeededRandom } from '@kiki/kernel';
import { describeUnless, startS3, testSeed } from '@kiki/testing';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { valueCommands } from './value-commands.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kiki-files-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function value(environment: Record<string, string>, ...args: string[]) {
  const terminal = new RecordingTerminal();
  const commands = valueCommands(environment);
  const program = { name: 'kiki', version: '0', summary: '', commands };
  const exitCode = await runCli(program, ['value', ...args, '--json'], { terminal });
  const answer = JSON.parse(terminal.output.at(-1) ?? '') as Record<string, unknown>;
  return { exitCode, answer, notes: terminal.notes.join('\n') };
}

const COLUMNS = ['--columns', 'id=id,date=date,amount=amount', '--refunds'];
const QUICK = ['--model', 'bgnbd'];

async function fit(path: string, ...args: string[]): Promise<Record<string, unknown>> {
  const { exitCode, answer } = await value({}, 'fit', '--orders', path, ...args);
  expect([exitCode, answer]).toEqual([0, expect.anything()]);
  return answer;
}

/** What was fitted, and no word of how it was read. */
function fitted({ file: _, ...answer }: Record<string, unknown>): object {
  return answer;
}

/** Two years of 300 customers who differ in how often they buy and how soon they leave: `id, day, amount`. */
function simulated(): string[][] {
  const random = new SeededRandom(testSeed());
  const waiting = (mean: number): number => -mean * Math.log(1 - random.nextDouble());
  const rows: string[][] = [];
  for (let id = 0; id < 300; id++) {
    let day = random.nextInt(300);
    const gap = 20 / waiting(1);
    const leaves = random.nextDouble() ** 2;
    do {
      const date = new Date(Date.UTC(2023, 0, 1 + day)).toISOString().slice(0, 10);
      const sign = random.nextInt(20) === 0 ? '-' : '';
      rows.push([String(id).padStart(5, '0'), date, `${sign}${day % 40}.25`]);
      day += 1 + Math.floor(waiting(gap));
    } while (day < 730 && random.nextDouble() > leaves);
  }
  return rows;
}

const rows = simulated();
const csv = (delimiter = ','): string =>
  [['id', 'date', 'amount'], ...rows].map((row) => row.join(delimiter)).join('\n');

describe('one log', () => {
  it('is fitted alike however it is written', async () => {
    const wanted = fitted(await fit(write('plain.csv', csv()), ...COLUMNS, ...QUICK));
    expect(wanted).toMatchObject({ n: expect.any(Number) as unknown, dropoutIdentified: true });
    const quoted = csv(';').replaceAll(/[^;\n]+/g, '"$&"');
    const files = [
      write('quoted.csv', `\uFEFF${quoted.replaceAll('\n', '\r\n')}\r\n\r\n`),
      write('tabs.tsv', csv('\t').toUpperCase()),
      write('spaces.txt', csv('  ')),
      write('packed.csv.gz', gzipSync(csv())),
      write('packed.csv', gzipSync(csv())),
      write('wide.csv', Buffer.from(`\uFEFF${csv()}`, 'utf16le')),
      write('old.csv', csv().replaceAll('\n', '\r')),
    ];
    for (const path of files) {
      const found = fitted(await fit(path, ...COLUMNS, ...QUICK));
      expect([path, found]).toEqual([path, wanted]);
    }
    const bare = write('bare.csv', rows.map((row) => row.join(',')).join('\n'));
    const byPlace = ['--columns', 'id=1,date=2,amount=3', '--refunds'];
    expect(fitted(await fit(bare, ...byPlace, ...QUICK))).toEqual(wanted);
  });

  it('has the currency that its rows name, and only one', async () => {
    const named = `${csv().replaceAll('\n', ',EUR\n').replace('amount,EUR', 'amount,currency')},EUR\n`;
    const path = write('currency.csv', named);
    expect(await fit(path, '--refunds', ...QUICK)).toMatchObject({ spend: { currency: 'EUR' } });
    const mixed = write('mixed.csv', `${named}x,2023-01-01,5,USD\n`);
    for (const args of [
      ['--orders', path, '--currency', 'USD'],
      ['--orders', mixed],
    ]) {
      const { exitCode, answer } = await value({}, 'fit', '--refunds', ...args);
      expect([exitCode, answer]).toMatchObject([2, { error: { code: 'order_currency_invalid' } }]);
    }
  });

  it.each<[string, Uint8Array, string, string[]]>([
    ['an Excel file', Buffer.from('PK\u0003\u0004…'), 'order_file_unreadable', []],
    ['a Parquet file of another name', Buffer.from('PAR1…'), 'order_file_unreadable', []],
    ['a torn gzip', gzipSync(csv()).subarray(0, 2_000), 'order_file_unreadable', []],
    ['bad rows only', Buffer.from('id,date\na,x\n'), 'order_log_empty', ['--skip-bad-rows']],
    ['no time zone', Buffer.from(csv()), 'usage_invalid', ['--time-zone', 'Mars/Base']],
    ['no currency', Buffer.from(csv()), 'usage_invalid', ['--currency', 'usd']],
    [
      'left-out rows where none can be',
      Buffer.from(csv()),
      'order_reader_unfit',
      ['--reader', 'columnar', '--skip-bad-rows'],
    ],
  ])('is refused with %s', async (_name, bytes, code, args) => {
    const { exitCode, answer } = await value(
      {},
      ...['fit', '--orders', write('refused.csv', bytes), ...args],
    );
    expect([exitCode, answer]).toMatchObject([2, { error: { code } }]);
  });
});

describe('kiki value backtest', () => {
  it('judges every window, with its intervals, and the ensemble too', async () => {
    const args = ['--orders', write('b.csv', csv()), ...COLUMNS, '--model', 'ensemble'];
    const rolling = ['--origins', '2', '--horizon-days', '91'];
    const { answer } = await value({}, 'backtest', ...args, ...rolling);
    const intervals = {
      level: 0.9,
      coverage: expect.any(Number) as unknown,
      total: { isCovered: expect.any(Boolean) as unknown, score: expect.any(Number) as unknown },
    };
    const window = { kind: 'ensemble', horizonDays: 91, intervals };
    expect(answer).toMatchObject({
      ...{ ...window, requested: 'ensemble', logLikelihood: null, standardErrors: null },
      windows: [window, window],
      mean: { totalsCovered: expect.any(Number) as unknown },
      ensemble: { kind: 'ensemble', weights: [expect.any(Number), expect.any(Number)] },
    });
    const { coverage } = answer['intervals'] as { coverage: number };
    expect(coverage).toBeGreaterThan(0.7);
    const alone = await value({}, 'backtest', ...args, '--horizon-days', '91');
    expect(alone.answer['model']).toEqual(answer['model']);
    expect(alone.answer).not.toHaveProperty('windows');
  });

  it('draws four plots a window and writes over none', async () => {
    const plots = join(folder, 'plots');
    const args = ['--orders', write('p.csv', csv()), ...COLUMNS, '--model', 'bgnbd'];
    const draw = (...more: string[]) => value({}, 'backtest', ...args, '--plots', plots, ...more);
    expect((await draw()).exitCode).toBe(0);
    const names = ['alive.svg', 'calibration.svg', 'decile.svg', 'tracking.svg'];
    expect(readdirSync(plots).sort()).toEqual(names);
    const decile = join(plots, 'decile.svg');
    expect(readFileSync(decile, 'utf8')).toMatch(/^<svg [^]*<\/svg>$/);
    writeFileSync(decile, 'mine');
    expect(await draw()).toMatchObject({ exitCode: 2, answer: { error: { code: 'plots_exist' } } });
    expect(readFileSync(decile, 'utf8')).toBe('mine');
    expect((await draw('--force')).exitCode).toBe(0);
    expect(readFileSync(decile, 'utf8')).not.toBe('mine');
    expect((await draw('--origins', '2', '--horizon-days', '60')).exitCode).toBe(0);
    expect(readdirSync(plots)).toHaveLength(names.length + 2);
    const file = await draw('--plots', join(decile, 'x'));
    expect(file).toMatchObject({ exitCode: 2, answer: { error: { code: 'plots_unwritable' } } });
  });

  it('draws P(alive) of a fit', async () => {
    const plots = join(folder, 'fit-plots');
    const args = [write('f.csv', csv()), ...COLUMNS, '--plots', plots];
    await fit(...(args as [string]), '--model', 'paretonbd');
    expect(existsSync(join(plots, 'alive.svg'))).toBe(true);
    const { answer } = await value({}, 'fit', '--orders', ...args, '--model', 'bgbb');
    expect(answer).toMatchObject({ error: { code: 'usage_invalid' } });
  });
});

describeUnless(await columnarMissing(), 'the columnar reader', () => {
  const SELECT = 'id, date::DATE AS "Day", amount::DECIMAL(12, 2) AS amount';

  async function parquet(): Promise<string> {
    const [from, to] = [write('to-pack.csv', csv()), join(folder, 'packed.parquet')];
    await withEngine({}, (connection) =>
      connection.run(
        `COPY (SELECT ${SELECT} FROM read_csv('${from}', all_varchar = true)) TO '${to}' (FORMAT parquet)`,
      ),
    );
    return to;
  }

  it('fits to the bits that rows give', async () => {
    const [plain, packed] = [write('rows.csv', csv()), await parquet()];
    const end = ['--calibration-end', '2024-02-29', '--refunds', '--ignore-zero'];
    const models = ['bgnbd', 'bgbb', 'ensemble'];
    for (const model of models) {
      const args = [...end, '--model', model];
      const wanted = await fit(plain, ...args, '--reader', 'rows');
      expect(wanted['file']).toMatchObject({ reader: 'rows' });
      for (const path of [plain, packed]) {
        const found = await fit(path, ...args, '--reader', path === plain ? 'columnar' : 'auto');
        expect([model, fitted(found)]).toEqual([model, fitted(wanted)]);
        const { reader: _, ...facts } = wanted['file'] as Record<string, unknown>;
        expect(found['file']).toEqual({ ...facts, reader: 'columnar' });
      }
    }
    const judged = async (path: string) => {
      const { answer } = await value({}, 'backtest', '--orders', path, '--refunds', ...QUICK);
      return fitted(answer);
    };
    expect(await judged(packed)).toEqual(await judged(plain));
  });

  it('knows the currency that rows name', async () => {
    const named = csv().replaceAll('\n', ',EUR\n').replace('amount,EUR', 'amount,currency');
    const path = write('engine-currency.csv', `${named},EUR\n`);
    const args = ['--reader', 'columnar', '--refunds', ...QUICK];
    expect(await fit(path, ...args)).toMatchObject({ spend: { currency: 'EUR' } });
    const { answer } = await value({}, 'fit', '--orders', path, ...args, '--currency', 'USD');
    expect(answer).toMatchObject({ error: { code: 'columnar_rows_invalid' } });
  });

  it('reads from S3 with the usual names of the environment, and leaves no copy', async () => {
    const s3 = await startS3();
    try {
      const [plain, packed] = [write('local.csv', csv()), await parquet()];
      const put = (key: string, path: string): string => {
        s3.objects.set(key, { bytes: readFileSync(path), contentType: 'text/csv' });
        return `s3://${s3.bucket}/${key}`;
      };
      const environment = {
        AWS_ACCESS_KEY_ID: s3.accessKeyId,
        AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
        AWS_DEFAULT_REGION: s3.region,
        AWS_ENDPOINT_URL: s3.endpoint,
      };
      const copies = (): string[] =>
        readdirSync(tmpdir()).filter((name) => name.startsWith('kiki-copy-'));
      const before = copies();
      const wanted = fitted(await fit(plain, '--refunds', ...QUICK));
      for (const location of [put('logs/a.csv', plain), put('logs/a.parquet', packed)]) {
        const args = ['fit', '--orders', location, '--refunds', ...QUICK];
        const { answer, notes } = await value(environment, ...args);
        expect(fitted(answer)).toEqual(wanted);
        expect(notes).toContain(`copying ${location}`);
      }
      const gone = await value(environment, 'fit', '--orders', `s3://${s3.bucket}/none.csv`);
      expect(gone).toMatchObject({ exitCode: 1, answer: { error: { code: 'object_not_found' } } });
      expect(copies()).toEqual(before);
    } finally {
      await s3.stop();
    }
  });
});
