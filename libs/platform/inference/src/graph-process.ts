import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { errors } from './errors.js';
import type { GraphInfo, GraphReply, GraphRequest, TensorData, TensorInfo } from './graph-child.js';

/** Where a graph may run, in onnxruntime's names. */
export type Provider = 'cuda' | 'webgpu' | 'cpu';

/** How a child is run. */
export interface GraphProcessOptions {
  /** The graph; it may go once the process has started. */
  readonly file: string;
  /** @default cpu */
  readonly provider?: Provider;
  /** Longest time to load the graph, milliseconds. @default 30000 */
  readonly startTimeoutMs?: number;
  /** Longest time of one run; a child that takes longer is killed, milliseconds. */
  readonly runTimeoutMs: number;
  /** Told once, when the child ends for whatever reason. */
  readonly onEnd?: () => void;
  /** The child's program. @default the file beside this one */
  readonly program?: URL;
}

type Tensors = Readonly<Record<string, TensorData>>;

interface Waiting {
  resolve(results: Tensors): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

/** Built or not, the child is the file beside this one. */
const CHILD = new URL(
  import.meta.url.endsWith('.ts') ? './graph-child.ts' : './graph-child.js',
  import.meta.url,
);
const START_TIMEOUT_MS = 30_000;

/** One child process with one graph loaded on one provider; it makes one run at a time. */
export class GraphProcess {
  private readonly waiting = new Map<number, Waiting>();
  private last: Promise<unknown> = Promise.resolve();
  private nextId = 1;
  private hasEnded = false;

  private constructor(
    private readonly child: ChildProcess,
    private readonly options: GraphProcessOptions,
    private readonly info: GraphInfo,
  ) {
    child.on('message', (reply: GraphReply) => this.receive(reply));
    child.once('exit', () => this.end());
  }

  /**
   * Starts a child and waits until the graph is loaded.
   * @throws onnx_runtime_missing, onnx_graph_invalid, onnx_run_failed
   */
  static async start(options: GraphProcessOptions): Promise<GraphProcess> {
    const { file, provider = 'cpu', program = CHILD, startTimeoutMs = START_TIMEOUT_MS } = options;
    const limits = [String(startTimeoutMs), String(options.runTimeoutMs)];
    const child = fork(fileURLToPath(program), [file, provider, ...limits], {
      // Nothing of the parent's environment: no secrets, and no telemetry of the runtime from its
      // first instruction on.
      env: { ORT_DISABLE_TELEMETRY: '1', NODE_NO_WARNINGS: '1' },
      execArgv: [],
      serialization: 'advanced',
      stdio: 'ignore',
    });
    try {
      return new GraphProcess(child, options, await loaded(child, startTimeoutMs));
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  get provider(): Provider {
    return this.options.provider ?? 'cpu';
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Version of onnxruntime. */
  get runtime(): string {
    return this.info.runtime;
  }

  get inputs(): readonly TensorInfo[] {
    return this.info.inputs;
  }

  get outputs(): readonly TensorInfo[] {
    return this.info.outputs;
  }

  /** Runs the graph once those before are done. @throws onnx_run_failed when the child fails, dies or is too slow */
  run(feeds: Tensors): Promise<Tensors> {
    const results = this.last.then(() => this.send(feeds));
    this.last = results.catch(() => undefined);
    return results;
  }

  /** Ends the child and waits for it. */
  async close(): Promise<void> {
    if (this.hasEnded) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }

  private send(feeds: Tensors): Promise<Tensors> {
    return new Promise((resolve, reject) => {
      if (this.hasEnded) return reject(gone());
      const id = this.nextId++;
      const timer = setTimeout(() => {
        // It cannot be interrupted from within: a run blocks its thread.
        this.take(id)?.reject(errors.onnx_run_failed('The run took too long.'));
        this.child.kill('SIGKILL');
        // Its death may take a moment, in which nobody else shall wait for it.
        this.end();
      }, this.options.runTimeoutMs);
      this.waiting.set(id, { resolve, reject, timer });
      const request: GraphRequest = { id, feeds };
      this.child.send(request, (error) => {
        if (error) this.take(id)?.reject(gone());
      });
    });
  }

  private receive(reply: GraphReply): void {
    if (reply.kind === 'answer') this.take(reply.id)?.resolve(reply.results);
    if (reply.kind === 'error') this.take(reply.id)?.reject(errors.onnx_run_failed(reply.reason));
  }

  private take(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id);
    if (waiting) clearTimeout(waiting.timer);
    this.waiting.delete(id);
    return waiting;
  }

  private end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    for (const id of [...this.waiting.keys()]) this.take(id)?.reject(gone());
    this.options.onEnd?.();
  }
}

function gone(): Error {
  return errors.onnx_run_failed('The process that runs the graph has ended.');
}

/** The graph once it is loaded. */
function loaded(child: ChildProcess, timeoutMs: number): Promise<GraphInfo> {
  const ready = Promise.withResolvers<GraphInfo>();
  const timer = setTimeout(
    () => ready.reject(errors.onnx_run_failed('The graph took too long to load.')),
    timeoutMs,
  );
  child.once('message', (reply: GraphReply) => {
    if (reply.kind === 'ready') ready.resolve(reply.info);
    else ready.reject(loadError(reply));
  });
  child.once('error', (error) => ready.reject(errors.onnx_run_failed(error.message)));
  child.once('exit', (code, signal) =>
    ready.reject(errors.onnx_run_failed(`The process ended with ${signal ?? code}.`)),
  );
  return ready.promise.finally(() => clearTimeout(timer));
}

function loadError(reply: GraphReply): Error {
  if (reply.kind !== 'failed') return errors.onnx_run_failed('An unexpected message.');
  return reply.fault === 'graph'
    ? errors.onnx_graph_invalid(reply.reason)
    : errors.onnx_runtime_missing(reply.reason);
}
