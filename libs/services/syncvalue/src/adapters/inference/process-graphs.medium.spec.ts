/**
 * Goal: no more processes than allowed, none for a graph that is not what it was, no storm of starts, and none left behind.
 * Method: real children on graphs written here, kept in memory; a clock that is moved by hand.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { ServiceMetrics } from '@kiki/metrics';
import { FakeClock, waitFor } from '@kiki/testing';
import { GraphPieces } from '../../application/graphs.js';
import { encodeOnnx, rateGraph, ratePurchases } from '../../brought-graphs.fixture.js';
import type { OnnxModel } from '../../domain/onnx-declaration.js';
import { withGraphFile } from './graph-folder.js';
import { ProcessGraphs } from './process-graphs.js';

class KeptPieces extends GraphPieces {
  reads = 0;
  constructor(private readonly graphs: ReadonlyMap<string, Uint8Array>) {
    super();
  }
  override async *read(_tenant: string, sha256: string): AsyncGenerator<Uint8Array> {
    this.reads += 1;
    const graph = this.graphs.get(sha256) ?? new Uint8Array();
    for (let at = 0; at < graph.length; at += 100) yield graph.subarray(at, at + 100);
  }
}

const shaOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const graphs = ['a', 'b', 'c'].map((name) => encodeOnnx({ ...rateGraph(), name }));
const stored = new Map(graphs.map((graph) => [shaOf(graph), graph]));
const models: OnnxModel[] = graphs.map((graph) => ({
  declaration: {
    ...{ name: 'rate', inputName: 'features', inputType: 'float32', outputName: 'purchases' },
    ...{ features: ['repeat_purchases', 'age_days', 'horizon_days'], currency: 'USD' },
    outputMeaning: 'purchases',
  },
  graphSha256: shaOf(graph),
  graphBytes: graph.length,
}));
const [a, b, c] = models as [OnnxModel, OnnxModel, OnnxModel];
const input = { rows: 1, data: Float32Array.of(2, 30, 90) };
const answer = ratePurchases(2, 30, 90);

const open: ProcessGraphs[] = [];
function running(pieces: GraphPieces, maxProcesses = 2) {
  const clock = new FakeClock();
  const options = { maxProcesses, runTimeoutMs: 10_000, restMs: 1_000 };
  const all = new ProcessGraphs(pieces, clock, options, new ServiceMetrics('syncvalue', '0'));
  open.push(all);
  return { all, clock };
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('processes of graphs', () => {
  it('are started once for many, and one ends for each that is too many', async () => {
    const pieces = new KeptPieces(stored);
    const { all } = running(pieces);
    const many = await Promise.all(Array.from({ length: 20 }, () => all.run('t', a, input)));
    for (const [output = NaN] of many) expect(output).toBeCloseTo(answer, 5);
    expect(pieces.reads).toBe(1);
    const [first = NaN] = await all.pids();
    await all.run('t', b, input);
    expect(all.processCount).toBe(2);
    await all.run('t', c, input);
    expect(all.processCount).toBe(2);
    await waitFor(() => !isAlive(first), { what: 'the end of the oldest' });
    expect((await all.run('t', a, input))[0]).toBeCloseTo(answer, 5);
    expect(pieces.reads).toBe(4);
  });

  it('are replaced when they die, and are gone when all is closed', async () => {
    const { all } = running(new KeptPieces(stored));
    await all.run('t', a, input);
    const [first = NaN] = await all.pids();
    process.kill(first, 'SIGKILL');
    await waitFor(() => all.processCount === 0, { what: 'the death of the process' });
    await all.run('t', a, input);
    const [second = NaN] = await all.pids();
    expect(second).not.toBe(first);
    await all.close();
    await waitFor(() => !isAlive(second), { what: 'the end' });
    await expect(all.run('t', a, input)).rejects.toMatchObject({ code: 'onnx_unavailable' });
  });

  it('are not started for a graph that is gone or damaged, and not tried again at once', async () => {
    const damaged = new Map([
      [a.graphSha256, graphs[1] ?? new Uint8Array()],
      [b.graphSha256, new Uint8Array()],
    ]);
    const pieces = new KeptPieces(damaged);
    const { all, clock } = running(pieces);
    for (const model of [a, b]) {
      await expect(all.run('t', model, input)).rejects.toMatchObject({ code: 'onnx_unavailable' });
    }
    expect(pieces.reads).toBe(2);
    await expect(all.run('t', a, input)).rejects.toThrow('not what it was');
    expect(pieces.reads).toBe(2);
    expect(all.unusable).toEqual(['onnx_unavailable']);
    await clock.advance(1_001);
    damaged.set(a.graphSha256, graphs[0] ?? new Uint8Array());
    expect((await all.run('t', a, input))[0]).toBeCloseTo(answer, 5);
  });

  it('answer with as many numbers as rows, or not at all', async () => {
    const { all } = running(new KeptPieces(stored));
    const short = { rows: 2, data: Float32Array.of(2, 30, 90) };
    await expect(all.run('t', a, short)).rejects.toMatchObject({ code: 'onnx_unavailable' });
  });
});

describe('the file of a graph', () => {
  const limit = { maxBytes: 10, tooLarge: () => new Error('too large') };
  const pieces = async function* (...sizes: number[]): AsyncGenerator<Uint8Array> {
    for (const size of sizes) yield new Uint8Array(size);
  };

  it('is there for the work and gone afterwards, whatever happens', async () => {
    let path = '';
    const work = (fails: boolean) =>
      withGraphFile(pieces(4, 6), limit, async ({ file, bytes, sha256 }) => {
        path = file;
        expect(existsSync(file)).toBe(true);
        if (fails) throw new Error('failed');
        return [bytes, sha256];
      });
    expect(await work(false)).toEqual([10, shaOf(new Uint8Array(10))]);
    expect(existsSync(path)).toBe(false);
    await expect(work(true)).rejects.toThrow('failed');
    expect(existsSync(path)).toBe(false);
  });

  it('is not written beyond the limit', async () => {
    const work = withGraphFile(pieces(6, 6), limit, () => Promise.resolve('done'));
    await expect(work).rejects.toThrow('too large');
  });
});
