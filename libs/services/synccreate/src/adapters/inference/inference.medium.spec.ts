/**
 * Goal: the model is what its description says, is chosen by merit, and its process can die without taking anything along; the
 * runtime calls nobody. Method: the committed file against the graph; real children, killed and watched through /proc and their home.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SystemClock } from '@kiki/kernel';
import { SilentLogger } from '@kiki/logging';
import { ServiceMetrics } from '@kiki/metrics';
import { waitFor } from '@kiki/testing';
import { encodeOnnx } from './onnx-graph.js';
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
    process.kill(pid ?? 0, 'SIGKILL');
    await waitFor(async () => (await saliency.look(sample)) !== undefined, { what: 'a new child' });
    expect(await saliency.pid()).not.toBe(pid);
    expect(await saliency.report()).toMatchObject({ status: 'up', restarts: 1 });
  });
});

/** Remote ends of the sockets of a process, from /proc. */
function remoteEnds(pid: number): string[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((kind) =>
    readFileSync(`/proc/${pid}/net/${kind}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((columns) => inodes.has(columns[9] ?? ''))
      .map((columns) => `${kind} ${columns[2]}`),
  );
}

const onLinux = existsSync('/proc/self/fd') ? it : it.skip;

describe('the runtime', () => {
  onLinux('reports to nobody, also outside of CI: no file in its home, no connection', async () => {
    const home = mkdtempSync(join(tmpdir(), 'kiki-ort-'));
    const child = fork(
      fileURLToPath(new URL('./inference-child.ts', import.meta.url)),
      [fileURLToPath(modelUrl), 'cpu'],
      // Neither CI nor the variable that switches telemetry off: the child sets the latter itself.
      {
        env: {
          HOME: home,
          XDG_CACHE_HOME: home,
          XDG_DATA_HOME: home,
          TMPDIR: home,
          NODE_NO_WARNINGS: '1',
        },
        execArgv: [],
        serialization: 'advanced',
        stdio: 'ignore',
        cwd: home,
      },
    );
    try {
      const answers: string[] = [];
      const ends: string[] = [];
      child.on('message', (reply: { kind: string }) => answers.push(reply.kind));
      await waitFor(() => answers.includes('ready'), { timeoutMs: 30_000, what: 'the model' });
      for (let id = 1; id <= 20; id++) {
        child.send({ id, image: SELF_TEST_IMAGE, dims: [1, 3, SALIENCY_SIDE, SALIENCY_SIDE] });
        await waitFor(() => answers.filter((kind) => kind === 'answer').length === id, {
          what: 'an answer',
        });
        ends.push(...remoteEnds(child.pid ?? 0));
      }
      expect(ends).toEqual([]);
      expect(readdirSync(home, { recursive: true })).toEqual([]);
    } finally {
      child.kill('SIGKILL');
      rmSync(home, { recursive: true, force: true });
    }
  });
});
