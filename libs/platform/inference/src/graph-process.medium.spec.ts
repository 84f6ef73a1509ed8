/**
 * Goal: a graph is run as it is, in a process that can die, hang or lack its runtime without taking anything along; the
 * runtime calls nobody and reads no other file. Method: graphs written here, in real children that are killed, starved and
 * watched through /proc and their home.
 */
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { fork, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { itUnless, waitFor } from '@kiki/testing';
import { GraphProcess, type GraphProcessOptions } from './graph-process.js';
import { encodeOnnx, type OnnxGraph } from './onnx-graph.js';
import { ProtobufWriter } from './protobuf.js';

const folder = mkdtempSync(join(tmpdir(), 'kiki-graph-'));
const processes: GraphProcess[] = [];

afterEach(async () => {
  await Promise.all(processes.splice(0).map((process) => process.close()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** y = 2a + 3b + 1 for rows of (a, b). */
const line: OnnxGraph = {
  name: 'line',
  doc: '',
  inputs: { x: ['n', 2] },
  outputs: { y: ['n', 1] },
  constants: { w: { dims: [2, 1], values: [2, 3] }, c: { dims: [1], values: [1] } },
  nodes: [
    { op: 'MatMul', inputs: ['x', 'w'], output: 'p' },
    { op: 'Add', inputs: ['p', 'c'], output: 'y' },
  ],
};

/** Runs longer than anybody waits: products of 2000 × 2000 numbers, which depend on the input, so that none is made ahead. */
const endless: OnnxGraph = {
  name: 'endless',
  doc: '',
  inputs: { x: ['n', 2] },
  outputs: { y: [2000, 2000] },
  constants: { w: { dims: [2000, 2000], values: new Array<number>(4_000_000).fill(1e-4) } },
  nodes: [
    {
      op: 'ReduceMax',
      inputs: ['x'],
      output: 'most',
      attributes: { axes: [0, 1], keepdims: 1 },
    },
    { op: 'Add', inputs: ['w', 'most'], output: 'p0' },
    ...Array.from({ length: 100 }, (_, i) => ({
      op: 'MatMul',
      inputs: [`p${i}`, 'w'],
      output: i === 99 ? 'y' : `p${i + 1}`,
    })),
  ],
};

function fileOf(graph: OnnxGraph): string {
  const file = join(folder, `${graph.name}.onnx`);
  writeFileSync(file, encodeOnnx(graph));
  return file;
}

async function started(
  graph: OnnxGraph,
  options: Partial<GraphProcessOptions> = {},
): Promise<GraphProcess> {
  const defaults = { file: fileOf(graph), runTimeoutMs: 10_000 };
  const process = await GraphProcess.start({ ...defaults, ...options });
  processes.push(process);
  return process;
}

const rows = (...data: number[]) => ({
  x: { type: 'float32', dims: [data.length / 2, 2], data: Float32Array.from(data) },
});

describe('a graph', () => {
  it('says what it takes and gives, and computes', async () => {
    const process = await started(line);
    expect(process.inputs).toEqual([{ name: 'x', type: 'float32', dims: [undefined, 2] }]);
    expect(process.outputs).toEqual([{ name: 'y', type: 'float32', dims: [undefined, 1] }]);
    const { y } = await process.run(rows(1, 1, 10, 100));
    expect(y).toEqual({ type: 'float32', dims: [2, 1], data: Float32Array.of(6, 321) });
  });

  it('computes in 64 bits where its floats have them', async () => {
    const process = await started({ ...line, name: 'line64', isDouble: true });
    const x = { type: 'float64', dims: [1, 2], data: Float64Array.of(0.1, 0.2) };
    expect((await process.run({ x }))['y']?.data).toEqual(Float64Array.of(0.2 + 3 * 0.2 + 1));
  });

  it('answers many who ask at once, each with their own', async () => {
    const process = await started(line);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => process.run(rows(i, 0))),
    );
    expect(answers.map(({ y }) => y?.data[0])).toEqual(answers.map((_, i) => 2 * i + 1));
  });

  it('refuses a wrong shape and goes on', async () => {
    const process = await started(line);
    const wrong = { x: { type: 'float32', dims: [1, 3], data: Float32Array.of(1, 2, 3) } };
    await expect(process.run(wrong)).rejects.toMatchObject({ code: 'onnx_run_failed' });
    expect((await process.run(rows(0, 0)))['y']?.data).toEqual(Float32Array.of(1));
  });
});

describe('what cannot run', () => {
  it('is named: bytes that are no graph', async () => {
    const file = join(folder, 'no.onnx');
    writeFileSync(file, 'no graph');
    const starting = GraphProcess.start({ file, runTimeoutMs: 1000 });
    await expect(starting).rejects.toMatchObject({ code: 'onnx_graph_invalid' });
  });

  it('is named: a runtime that is not installed', async () => {
    // Where nothing is installed, the same program finds no runtime.
    const program = join(folder, 'graph-child.ts');
    copyFileSync(fileURLToPath(new URL('./graph-child.ts', import.meta.url)), program);
    const starting = started(line, { program: pathToFileURL(program) });
    await expect(starting).rejects.toMatchObject({
      code: 'onnx_runtime_missing',
      kind: 'unavailable',
      message: expect.stringContaining('onnxruntime-node'),
    });
  });

  it('reads no file beside the graph that is not in its own folder', async () => {
    const own = join(folder, 'own');
    mkdirSync(own);
    writeFileSync(join(folder, 'secret.bin'), Buffer.from(Float32Array.of(2, 3).buffer));
    for (const location of ['../secret.bin', join(folder, 'secret.bin')]) {
      const file = join(own, 'external.onnx');
      writeFileSync(file, externalGraph(location));
      const starting = GraphProcess.start({ file, runTimeoutMs: 1000 });
      await expect(starting).rejects.toMatchObject({ code: 'onnx_graph_invalid' });
    }
  });
});

/** `line` with its weights in another file. */
function externalGraph(location: string): Uint8Array {
  const entry = (key: string, value: string): ProtobufWriter =>
    new ProtobufWriter().bytes(1, key).bytes(2, value);
  const weights = new ProtobufWriter().int(1, 2).int(1, 1).int(2, 1).bytes(8, 'w');
  weights.bytes(13, entry('location', location)).int(14, 1);
  const value = (name: string, width: number): ProtobufWriter => {
    const dim = (size: number): ProtobufWriter => new ProtobufWriter().int(1, size);
    const shape = new ProtobufWriter().bytes(1, dim(1)).bytes(1, dim(width));
    const type = new ProtobufWriter().int(1, 1).bytes(2, shape);
    return new ProtobufWriter().bytes(1, name).bytes(2, new ProtobufWriter().bytes(1, type));
  };
  const node = new ProtobufWriter().bytes(1, 'x').bytes(1, 'w').bytes(2, 'y').bytes(4, 'MatMul');
  const body = new ProtobufWriter().bytes(1, node).bytes(2, 'external').bytes(5, weights);
  body.bytes(11, value('x', 2)).bytes(12, value('y', 1));
  const opset = new ProtobufWriter().bytes(1, '').int(2, 17);
  return new ProtobufWriter().int(1, 8).bytes(7, body).bytes(8, opset).finish();
}

describe('a child', () => {
  it('that is killed while it runs fails that run and no other process', async () => {
    const ends: string[] = [];
    const process = await started(endless, { onEnd: () => ends.push('ended') });
    const run = process.run(rows(0, 0));
    globalThis.process.kill(process.pid ?? NaN, 'SIGKILL');
    await expect(run).rejects.toMatchObject({ code: 'onnx_run_failed', kind: 'unavailable' });
    await expect(process.run(rows(0, 0))).rejects.toMatchObject({ code: 'onnx_run_failed' });
    expect(ends).toEqual(['ended']);
    expect((await (await started(line)).run(rows(0, 0)))['y']?.data).toEqual(Float32Array.of(1));
  });

  it('whose parent is gone ends its run by itself', async () => {
    const file = fileOf(endless);
    const starter = `const { fork } = require('node:child_process');
      const child = fork(process.argv[1], [process.argv[2], 'cpu', '60000', '100'],
        { execArgv: [], serialization: 'advanced', stdio: 'ignore' });
      child.on('message', () => {
        const x = { type: 'float32', dims: [1, 2], data: Float32Array.of(0, 0) };
        child.send({ id: 1, feeds: { x } }, () => {
          require('node:fs').writeSync(1, String(child.pid));
          process.kill(process.pid, 'SIGKILL');
        });
      });`;
    const program = fileURLToPath(new URL('./graph-child.ts', import.meta.url));
    const { stdout } = spawnSync(process.execPath, ['-e', starter, program, file]);
    const orphan = Number(stdout);
    expect(orphan).toBeGreaterThan(0);
    await waitFor(() => !isAlive(orphan), { timeoutMs: 20_000, what: 'the end of the orphan' });
  });

  it('that takes too long is ended', async () => {
    const process = await started(endless, { runTimeoutMs: 50 });
    await expect(process.run(rows(0, 0))).rejects.toThrow('took too long');
    await expect(process.run(rows(0, 0))).rejects.toThrow('ended');
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

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

const noProc = existsSync('/proc/self/fd') ? undefined : 'no /proc to look into';

describe('the runtime', () => {
  itUnless(
    noProc,
    'reports to nobody, also outside of CI: no file in its home, no connection',
    async () => {
      const home = mkdtempSync(join(tmpdir(), 'kiki-ort-'));
      const child = fork(
        fileURLToPath(new URL('./graph-child.ts', import.meta.url)),
        [fileOf(line), 'cpu'],
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
        await waitFor(() => answers.includes('ready'), { timeoutMs: 30_000, what: 'the graph' });
        for (let id = 1; id <= 20; id++) {
          child.send({ id, feeds: rows(1, 2) });
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
    },
  );
});
