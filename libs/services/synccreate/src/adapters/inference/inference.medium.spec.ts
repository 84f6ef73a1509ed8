/**
 * Goal: the model is what its description says, is chosen by merit, and its process can die without taking anything along.
 * Method: the committed file against the graph; real children, killed.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { SystemClock } from '@kiki/kernel';
import { SilentLogger } from '@kiki/logging';
import { ServiceMetrics } from '@kiki/metrics';
import { waitFor } from '@kiki/testing';
import { encodeOnnx } from '@kiki/inference';
import { modelUrl } from './model-file.js';
import { OnnxSaliency } from './onnx-saliency.js';
import type { Provider } from './model-process.js';
import { chooseProvider } from './provider-ladder.js';
import { SALIENCY_SIDE, saliencyGraph } from './saliency-graph.js';
import { SELF_TEST_IMAGE, selfTestFault } from './self-test.js';

const open: OnnxSaliency[] = [];
function saliencyOn(providers: readonly Provider[]): OnnxSaliency {
  const options = { providers, runTimeoutMs: 10_000, restMs: 60_000 };
  const metrics = new ServiceMetrics('synccreate', '0');
  const saliency = new OnnxSaliency(new SystemClock(), new SilentLogger(), options, metrics);
  open.push(saliency);
  return saliency;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((saliency) => saliency.close()));
});

const sample = { side: SALIENCY_SIDE, planes: SELF_TEST_IMAGE };

describe('the model', () => {
  it('is the committed file, byte for byte', () => {
    expect(readFileSync(modelUrl).equals(encodeOnnx(saliencyGraph))).toBe(true);
  });

  it('looks at the square in a grey picture', async () => {
    const map = await saliencyOn(['cpu']).look(sample);
    expect(selfTestFault(map?.values ?? new Float32Array())).toBeUndefined();
  });
});

describe('the ladder', () => {
  it('ends on the processor where there is nothing better, and says why', async () => {
    const saliency = saliencyOn(['cuda', 'cpu']);
    await saliency.warmUp();
    const report = await saliency.report();
    expect(report).toMatchObject({
      status: 'up',
      model: 'kiki-saliency-1',
      runtime: expect.stringMatching(/^onnxruntime 1\./),
    });
    expect(['cuda', 'cpu']).toContain(report['provider']);
    const tried = report['tried'] as { provider: string; isChosen: boolean; reason?: string }[];
    expect(tried.at(-1)).toMatchObject({ provider: report['provider'], isChosen: true });
    expect(
      tried
        .slice(0, -1)
        .every(({ reason }) => (reason ?? '') !== '' && !/\/\w+\/\w+/.test(reason ?? '')),
    ).toBe(true);
  });

  it('has no process when nothing can run the model; looking goes on without', async () => {
    const impossible = 'no-such-provider' as Provider;
    expect(
      (await chooseProvider([impossible], { runTimeoutMs: 1000, onEnd: () => undefined })).process,
    ).toBeUndefined();
    const saliency = saliencyOn([impossible]);
    expect(await saliency.look(sample)).toBeUndefined();
    expect(await saliency.report()).toMatchObject({ status: 'degraded', provider: null });
  });
});

describe('the self-test', () => {
  it('refuses zeros, wrong places and differences to the processor', async () => {
    const map = (await saliencyOn(['cpu']).look(sample))?.values ?? new Float32Array();
    expect(selfTestFault(new Float32Array(map.length))).toMatch(/peak/);
    expect(selfTestFault(map.toReversed())).toMatch(/peak/);
    expect(selfTestFault(map.map((value) => value * NaN))).toMatch(/outside/);
    expect(
      selfTestFault(
        map.map((value) => value * 0.99),
        map,
      ),
    ).toMatch(/differs/);
    expect(selfTestFault(map, map)).toBeUndefined();
  });
});

describe('a child that is killed', () => {
  it('is replaced at the next look', async () => {
    const saliency = saliencyOn(['cpu']);
    await saliency.warmUp();
    const pid = await saliency.pid();
    process.kill(pid ?? NaN, 'SIGKILL');
    await waitFor(async () => (await saliency.look(sample)) !== undefined, { what: 'a new child' });
    expect(await saliency.pid()).not.toBe(pid);
    expect(await saliency.report()).toMatchObject({ status: 'up', restarts: 1 });
  });
});
