/**
 * The process that holds one ONNX session: a run blocks its thread, and a runtime that dies takes only this
 * process along. Started by GraphProcess with the graph's path, one execution provider and the longest times of
 * loading and of a run. It imports no file of this package, so that Node runs it as it is, built or not.
 */
import process, { env } from 'node:process';
import { Worker } from 'node:worker_threads';
import type { InferenceSession, Tensor } from 'onnxruntime-node';

/** Elements of a tensor as they cross processes. */
export interface TensorData {
  /** In onnxruntime's names, e.g. float32. */
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: Tensor['data'];
}

/** What a graph takes or gives under one name. */
export interface TensorInfo {
  readonly name: string;
  /** Undefined where it is no tensor. */
  readonly type: string | undefined;
  /** Free dimensions are undefined. */
  readonly dims: readonly (number | undefined)[];
}

/** A loaded graph. */
export interface GraphInfo {
  /** Version of onnxruntime. */
  readonly runtime: string;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
}

/** Why there is no session. */
export type LoadFault = 'runtime_missing' | 'graph';

/** A request: tensors by the names of the inputs. */
export interface GraphRequest {
  readonly id: number;
  readonly feeds: Readonly<Record<string, TensorData>>;
}

/** What the child says: once `ready` or `failed`, then one answer per request. */
export type GraphReply =
  | { readonly kind: 'ready'; readonly info: GraphInfo }
  | { readonly kind: 'failed'; readonly fault: LoadFault; readonly reason: string }
  | {
      readonly kind: 'answer';
      readonly id: number;
      readonly results: Readonly<Record<string, TensorData>>;
    }
  | { readonly kind: 'error'; readonly id: number; readonly reason: string };

/** When what is going on has to be over, nanoseconds of this machine's monotonic clock; 0: nothing is going on. */
const deadline = new BigInt64Array(new SharedArrayBuffer(8));
/** Ends the process at the deadline; a thread of its own, because loading and running block this one. */
const WATCH = `const { workerData } = require('node:worker_threads');
  setInterval(() => {
    const at = Atomics.load(workerData, 0);
    if (at > 0n && process.hrtime.bigint() > at) process.kill(process.pid, 'SIGKILL');
  }, 250);`;

/** Whoever started this process ends it when something takes too long. Should they be gone, it ends itself. */
async function within<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
  const limitNs = BigInt(Math.ceil(limitMs + GRACE_MS)) * 1_000_000n;
  Atomics.store(deadline, 0, process.hrtime.bigint() + limitNs);
  try {
    return await work();
  } finally {
    Atomics.store(deadline, 0, 0n);
  }
}

const GRACE_MS = 1_000;
const DEFAULT_MS = 60_000;

interface Settings {
  readonly graph: string;
  readonly provider: string;
  readonly startMs: number;
  readonly runMs: number;
}

type Ort = typeof import('onnxruntime-node');

const send = (reply: GraphReply): void => void process.send?.(reply);
const textOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    // Of a failed assertion of the runtime only what it means.
    .replace(/^.* was false\. /, '')
    .split('\n', 1)
    .join('')
    // Nothing of this machine: it may be shown to whoever asks.
    .replace(/(?:\/[\w.@+-]+){2,}\/?/g, '…')
    .slice(0, 300);

// Since 1.29 the runtime reports home unless told otherwise; it reads this when it is loaded.
env['ORT_DISABLE_TELEMETRY'] = '1';

async function open({ graph, provider, startMs, runMs }: Settings): Promise<void> {
  let fault: LoadFault = 'runtime_missing';
  try {
    const ort = await import('onnxruntime-node');
    fault = 'graph';
    const options: InferenceSession.SessionOptions = {
      executionProviders: [provider],
      intraOpNumThreads: 1,
      extra: { session: { intra_op: { allow_spinning: '0' } } },
      logSeverityLevel: 4,
    };
    const session = await within(startMs, () => ort.InferenceSession.create(graph, options));
    process.on('message', (request: GraphRequest) => {
      void within(runMs, () => answer(ort, session, request));
    });
    send({ kind: 'ready', info: infoOf(ort, session) });
  } catch (error) {
    send({ kind: 'failed', fault, reason: textOf(error) });
  }
}

function infoOf(ort: Ort, session: InferenceSession): GraphInfo {
  const described = (all: readonly InferenceSession.ValueMetadata[]): TensorInfo[] =>
    all.map((each) => ({
      name: each.name,
      type: each.isTensor ? each.type : undefined,
      dims: each.isTensor
        ? each.shape.map((dim) => (typeof dim === 'number' && dim >= 0 ? dim : undefined))
        : [],
    }));
  return {
    runtime: ort.env.versions.node ?? ort.env.versions.common,
    inputs: described(session.inputMetadata),
    outputs: described(session.outputMetadata),
  };
}

async function answer(
  { Tensor }: Ort,
  session: InferenceSession,
  { id, feeds }: GraphRequest,
): Promise<void> {
  try {
    const tensors = Object.entries(feeds).map(([name, { type, data, dims }]) => [
      name,
      new Tensor(type as Tensor.Type, data as Float32Array, dims),
    ]);
    const outputs = await session.run(Object.fromEntries(tensors) as Record<string, Tensor>);
    const results = Object.entries(outputs).map(([name, { type, dims, data }]) => [
      name,
      { type, dims, data },
    ]);
    send({ kind: 'answer', id, results: Object.fromEntries(results) as Record<string, Tensor> });
  } catch (error) {
    send({ kind: 'error', id, reason: textOf(error) });
  }
}

// The parent is gone: nobody is left to work for.
process.on('disconnect', () => process.exit(0));
new Worker(WATCH, { eval: true, workerData: deadline }).unref();
const [, , graph = '', provider = 'cpu', startMs = '', runMs = ''] = process.argv;
await open({
  graph,
  provider,
  startMs: Number(startMs) || DEFAULT_MS,
  runMs: Number(runMs) || DEFAULT_MS,
});
