/**
 * Goal: a file's columns that say how customers came reach SyncValue, also when its rows are known already. Method: the
 * command against a real SyncValue on free ports.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordingTerminal, runCli } from '@kiki/cli';
import { waitFor } from '@kiki/testing';
import { importCommand, syncValueClient } from './import-command.js';
import { startValueService, type ValueService } from './value-service.fixture.js';

// A busy machine decides nothing here.
jest.setTimeout(120_000);

const home = mkdtempSync(join(tmpdir(), 'kiki-import-'));
const file = join(home, 'orders.csv');
let service: ValueService;
let environment: ValueService['environment'];

beforeAll(async () => {
  service = await startValueService(home);
  ({ environment } = service);
  const rows = ['a,2025-01-01,5,ads,de', 'a,2025-02-01,6,mail,de', 'b,2025-01-03,7,,at'];
  writeFileSync(file, ['customer_id,date,amount,utm_source,country', ...rows, ''].join('\n'));
}, 60_000);

afterAll(() => service.stop());

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- read as a program without our types would
async function kiki(...words: string[]): Promise<{ exitCode: number; answer: any }> {
  const terminal = new RecordingTerminal();
  const program = {
    name: 'kiki',
    version: '0',
    summary: '',
    commands: [importCommand(environment)],
  };
  const exitCode = await runCli(program, ['import', file, ...words, '--json'], { terminal });
  return { exitCode, answer: JSON.parse(terminal.output.at(-1) ?? 'null') };
}

async function acquisitionOf(customerId: string): Promise<unknown> {
  const client = syncValueClient(environment);
  try {
    return (await client.getCustomer(customerId)).customer?.acquisition?.attributes;
  } finally {
    client.close();
  }
}

describe('a large file', () => {
  const CUSTOMERS = 300;
  const ROWS = 30_000;
  const large = join(home, 'large.csv');
  const importing = (terminal: RecordingTerminal, signal: AbortSignal): Promise<number> => {
    const commands = [importCommand(environment)];
    const program = { name: 'kiki', version: '0', summary: '', commands };
    const columns = ['--columns', 'id=id,date=at,amount=amount', '--tenant', 'default'];
    return runCli(program, ['import', large, ...columns, '--json'], { terminal, signal });
  };

  it('is taken up again where it was left, and nothing of it counts twice', async () => {
    const day = (i: number): string => {
      return new Date(Date.UTC(2024, 0, 1) + Math.floor(i / CUSTOMERS) * 86_400_000).toISOString();
    };
    const rows = Array.from({ length: ROWS }, (_, i) => `big-${i % CUSTOMERS},${day(i)},1.25`);
    writeFileSync(large, ['id,at,amount', ...rows, ''].join('\n'));
    const client = syncValueClient(environment);
    try {
      const leave = new AbortController();
      const left = importing(new RecordingTerminal(), leave.signal);
      await waitFor(() => client.getCustomer('big-0').catch(() => undefined), {
        ...{ timeoutMs: 60_000, what: 'the first chunk' },
      });
      leave.abort(new Error('left'));
      expect(await left).not.toBe(0);
      const terminal = new RecordingTerminal();
      expect(await importing(terminal, new AbortController().signal)).toBe(0);
      const { file: read, ingested } = JSON.parse(terminal.output.at(-1) ?? 'null') as {
        file: { rows: number };
        ingested: { storedCount: number; duplicateCount: number };
      };
      expect(read.rows).toBe(ROWS);
      expect(ingested.duplicateCount).toBeGreaterThan(0);
      expect(ingested.storedCount + ingested.duplicateCount).toBe(ROWS);
      const notes = terminal.notes.join('\n');
      expect(notes).toMatch(/import: \d\d % \([\d,]+ bytes\)/);
      for (const id of ['big-0', `big-${CUSTOMERS - 1}`]) {
        const { customer } = await client.getCustomer(id);
        expect(customer).toMatchObject({ repeatPurchases: ROWS / CUSTOMERS - 1 });
      }
    } finally {
      client.close();
    }
  });
});

describe('kiki import', () => {
  it('takes a log in, and later what it says of how customers came', async () => {
    expect(await kiki()).toMatchObject({ exitCode: 0, answer: { ingested: { storedCount: 3 } } });
    expect(await acquisitionOf('a')).toBeUndefined();
    const again = await kiki('--attributes', 'channel=utm_source,country=country');
    expect(again).toMatchObject({ exitCode: 0, answer: { ingested: { duplicateCount: 3 } } });
    expect(await acquisitionOf('a')).toEqual({ channel: 'ads', country: 'de' });
    expect(await acquisitionOf('b')).toEqual({ country: 'at' });
  });

  it('names a column that is not there', async () => {
    const { exitCode, answer } = await kiki('--attributes', 'channel=campaign');
    expect(exitCode).not.toBe(0);
    expect(answer.error.code).toBe('order_log_column_missing');
  });
});
