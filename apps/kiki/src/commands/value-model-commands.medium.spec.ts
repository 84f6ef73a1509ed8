/**
 * Goal: models of a running SyncValue are listed, promoted through the gates and rolled back from the command line.
 * Method: the service started by the host on a database of its own; the real commands, read back as JSON.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordingTerminal, runCli } from '@kiki/cli';
import { ModelKind, TransactionKind, type Transaction } from '@kiki/contract-syncvalue';
import { SeededRandom } from '@kiki/kernel';
import { syncValueClient } from './import-command.js';
import { valueModelCommands } from './value-model-commands.js';
import { startValueService, type ValueService } from './value-service.fixture.js';

const home = mkdtempSync(path.join(tmpdir(), 'kiki-value-models-'));
let service: ValueService;
let environment: ValueService['environment'];

/** Customers who buy for a year and then, all at once, no more; one comes once, much later. */
function orders(): Transaction[] {
  const random = new SeededRandom(1);
  const order = (customerId: string, day: number): Transaction => ({
    transactionId: `${customerId}/${day}`,
    customerId,
    occurredAt: new Date(Date.UTC(2024, 0, 1 + day)),
    amountMicros: BigInt(10_000_000 + random.nextInt(5_000_000)),
    currency: 'USD',
    kind: TransactionKind.UNSPECIFIED,
    acquisition: undefined,
  });
  const many = Array.from({ length: 200 }, (_, i) =>
    Array.from({ length: 1 + random.nextInt(6) }, () => order(`c${i}`, random.nextInt(360))),
  );
  return [...many.flat(), order('late', 520)];
}

beforeAll(async () => {
  service = await startValueService(home);
  ({ environment } = service);
  const client = syncValueClient(environment);
  await client.ingest(orders());
  for (let i = 0; i < 2; i++) await client.fitModel({ kind: ModelKind.BGNBD });
  client.close();
}, 60_000);

afterAll(() => service.stop());

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- read as a program without our types would
async function kiki(...words: string[]): Promise<{ exitCode: number; answer: any }> {
  const terminal = new RecordingTerminal();
  const commands = valueModelCommands(environment);
  const program = { name: 'kiki', version: '0', summary: '', commands };
  const exitCode = await runCli(program, ['value', ...words, '--json'], { terminal });
  return { exitCode, answer: JSON.parse(terminal.output.at(-1) ?? 'null') };
}

describe('kiki value', () => {
  it('lists models with their labels and back-tests', async () => {
    const { answer } = await kiki('models');
    expect(answer.models).toMatchObject([
      { modelVersion: 'v2', labels: [], backtest: { mae: expect.any(Number) } },
      { modelVersion: 'v1', labels: ['champion'] },
    ]);
  });

  it('says which gate refuses, and promotes by force with a reason', async () => {
    const refused = await kiki('promote', 'v2');
    expect(refused.exitCode).toBe(1);
    expect(refused.answer.error.code).toBe('promotion_refused');
    expect(refused.answer.error.message).toMatch(/bias [\d.]+ > [\d.]+/);
    const bare = await kiki('promote', 'v2', '--force');
    expect(bare.answer.error.code).toBe('promotion_reason_invalid');
    const forced = await kiki('promote', 'v2', '--force', '--reason', 'the shop was closed');
    expect(forced).toMatchObject({ exitCode: 0, answer: { previousVersion: 'v1' } });
  });

  it('goes back, and keeps record', async () => {
    expect(await kiki('rollback', '--reason', 'a mistake')).toMatchObject({
      exitCode: 0,
      answer: { modelVersion: 'v1', previousVersion: 'v2' },
    });
    const { answer } = await kiki('moves');
    expect(answer.moves).toMatchObject([
      { kind: 'rollback', modelVersion: 'v1', reason: 'a mistake' },
      { kind: 'promotion', isForced: true, reason: 'the shop was closed' },
      { kind: 'first', modelVersion: 'v1' },
    ]);
    expect(answer.moves[1].failedGates).toContain('bias');
  });
});
