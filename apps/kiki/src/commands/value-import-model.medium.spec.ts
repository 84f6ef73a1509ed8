/**
 * Goal: somebody with an ONNX file and a declaration has a served model after one command, and whoever made a mistake is
 * told its field. Method: the service started by the host on a database of its own; the real command on real files.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordingTerminal, runCli } from '@kiki/cli';
import { customerById } from '@kiki/contract-syncvalue';
import { encodeOnnx, type OnnxGraph } from '@kiki/inference';
import { syncValueClient } from './import-command.js';
import { valueModelCommands } from './value-model-commands.js';
import { startValueService, type ValueService } from './value-service.fixture.js';

const home = mkdtempSync(path.join(tmpdir(), 'kiki-import-model-'));
let service: ValueService;
let environment: ValueService['environment'];

/** A hundredth of the horizon for everybody: column 1 of two, times .01. */
const graph: OnnxGraph = {
  name: 'hundredth',
  doc: '',
  inputs: { x: ['n', 2] },
  outputs: { y: ['n', 1] },
  constants: { w: { dims: [2, 1], values: [0, 0.01] } },
  nodes: [{ op: 'MatMul', inputs: ['x', 'w'], output: 'y' }],
};
const declaration = {
  name: 'hundredth',
  features: ['repeat_purchases', 'horizon_days'],
  input: { name: 'x' },
  output: { name: 'y', meaning: 'purchases' },
  currency: 'USD',
  trainedUntil: '2024-01-31',
  spend: 'mean',
};

function file(name: string, contents: string | Uint8Array): string {
  const at = path.join(home, name);
  writeFileSync(at, contents);
  return at;
}

beforeAll(async () => {
  service = await startValueService(home);
  ({ environment } = service);
  const client = syncValueClient(environment);
  const days = Array.from({ length: 40 }, (_, i) => new Date(Date.UTC(2024, 0, 1 + 2 * i)));
  const order = { amountMicros: 5_000_000n, currency: 'USD', kind: 0, acquisition: undefined };
  await client.ingest(
    days.map((occurredAt, i) => ({
      ...order,
      ...{ customerId: `c${i % 10}`, transactionId: `t${i}`, occurredAt },
    })),
  );
  client.close();
}, 60_000);

afterAll(() => service.stop());

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- read as a program without our types would
async function bring(...words: string[]): Promise<{ exitCode: number; answer: any }> {
  const terminal = new RecordingTerminal();
  const commands = valueModelCommands(environment);
  const program = { name: 'kiki', version: '0', summary: '', commands };
  const all = ['value', 'import-model', ...words, '--json'];
  const exitCode = await runCli(program, all, { terminal });
  return { exitCode, answer: JSON.parse(terminal.output.at(-1) ?? 'null') };
}

describe('kiki value import-model', () => {
  const files = (): string[] => {
    const onnx = file('graph.onnx', encodeOnnx(graph));
    return ['--graph', onnx, '--declaration', file('d.json', JSON.stringify(declaration))];
  };

  it('brings a model, which then predicts; the same again is the same', async () => {
    const first = await bring(...files());
    expect(first).toMatchObject({
      exitCode: 0,
      answer: { modelVersion: 'v1', kind: 'onnx', labels: ['champion'], isNew: true },
    });
    expect((await bring(...files())).answer).toMatchObject({ modelVersion: 'v1', isNew: false });
    const client = syncValueClient(environment);
    const { prediction } = await client.predict(customerById('c1'), { horizonDays: 50 });
    expect(prediction?.expectedPurchases).toBeCloseTo(0.5, 6);
    expect(prediction?.ltvMicros).toBeGreaterThan(0n);
    client.close();
  });

  it('names what is wrong in the declaration, before and after the service has seen it', async () => {
    const [, onnx = ''] = files();
    const wrong = { ...declaration, features: ['age'], output: { name: 'y' }, extra: 1 };
    const at = file('wrong.json', JSON.stringify(wrong));
    const { exitCode, answer } = await bring('--graph', onnx, '--declaration', at);
    expect(exitCode).toBe(2);
    const fields = answer.error.fields.map(({ field }: { field: string }) => field);
    expect(fields).toEqual(['features.0', 'output.meaning', 'declaration']);
    const other = file('other.json', JSON.stringify({ ...declaration, currency: 'EUR' }));
    const refused = await bring('--graph', onnx, '--declaration', other);
    expect(refused.answer.error).toMatchObject({
      code: 'onnx_declaration_invalid',
      fields: [{ field: 'declaration.currency' }],
    });
  });

  it('names files that are missing', async () => {
    const [, onnx = '', , described = ''] = files();
    const missing = [
      [['--declaration', described], '--graph'],
      [['--graph', onnx], '--declaration'],
      [['--graph', `${onnx}.no`, '--declaration', described], '--graph'],
      [['--graph', onnx, '--declaration', `${described}.no`], '--declaration'],
    ] as const;
    for (const [words, field] of missing) {
      const { exitCode, answer } = await bring(...words);
      expect([exitCode, answer.error.fields[0]?.field]).toEqual([2, field]);
    }
  });
});
