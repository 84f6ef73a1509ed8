import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { modelUrl } from './model-file.js';
import type { InferenceReply, InferenceRequest } from './inference-child.js';

/** Where a model may run, in onnxruntime's names. */
export type Provider = 'cuda' | 'webgpu' | 'cpu';

/** How a child is run. */
export interface ModelProcessOptions {
  readonly provider: Provider;
  /** Longest time to load the model, milliseconds. */
  readonly startTimeoutMs: number;
  /** Longest time of one run; a child that takes longer is killed, milliseconds. */
  readonly runTimeoutMs: number;
  /** Told once, when the child ends for whatever reason. */
  readonly onEnd?: () => void;
}

interface Waiting {
  resolve(map: Float32Array): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

/** Built or not, the child is the file beside this one. */
const CHILD = new URL(
  import.meta.url.endsWith('.ts') ? './inference-child.ts' : './inference-child.js',
  import.meta.url,
);

/** One child process with the model loaded on one provider. */
export class ModelProcess {
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;
  private hasEnded = false;

  private constructor(
    private readonly child: ChildProcess,
    private readonly options: ModelProcessOptions,
    /** Version of onnxruntime. */
    readonly runtime: string,
  ) {
    child.on('message', (reply: InferenceReply) => this.receive(reply));
    child.once('exit', () => this.end());
  }

  /** Starts a child and waits until the model is loaded. @throws Error with the runtime's reason */
  static async start(options: ModelProcessOptions): Promise<ModelProcess> {
    const child = fork(fileURLToPath(CHILD), [fileURLToPath(modelUrl), options.provider], {
      // Nothing of the parent's environment: no secrets, and no telemetry of the runtime from its
      // first instruction on.
      env: { ORT_DISABLE_TELEMETRY: '1', NODE_NO_WARNINGS: '1' },
      execArgv: [],
      serialization: 'advanced',
      stdio: 'ignore',
    });
    try {
      return new ModelProcess(child, options, await loaded(child, options.startTimeoutMs));
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  get provider(): Provider {
    return this.options.provider;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Runs the model on a picture, planar RGB 0..1. @throws Error when the child fails, dies or is too slow */
  run(image: Float32Array, dims: readonly number[]): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      if (this.hasEnded) return reject(new Error('the inference process has ended'));
      const id = this.nextId++;
      const timer = setTimeout(() => {
        // It cannot be interrupted from within: a run blocks its thread.
        this.child.kill('SIGKILL');
      }, this.options.runTimeoutMs);
      this.waiting.set(id, { resolve, reject, timer });
      const request: InferenceRequest = { id, image, dims };
      this.child.send(request, (error) => {
        if (error) this.take(id)?.reject(error);
      });
    });
  }

  /** Ends the child and waits for it. */
  async close(): Promise<void> {
    if (this.hasEnded) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }

  private receive(reply: InferenceReply): void {
    if (reply.kind === 'answer') this.take(reply.id)?.resolve(reply.map);
    if (reply.kind === 'error') this.take(reply.id)?.reject(new Error(reply.reason));
  }

  private take(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id);
    if (waiting) clearTimeout(waiting.timer);
    this.waiting.delete(id);
    return waiting;
  }

  private end(): void {
    this.hasEnded = true;
    const gone = new Error('the inference process ended');
    for (const id of [...this.waiting.keys()]) this.take(id)?.reject(gone);
    this.options.onEnd?.();
  }
}

/** The runtime's version once the model is loaded. */
function loaded(child: ChildProcess, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the model took too long to load')), timeoutMs);
    child.once('message', (reply: InferenceReply) => {
      clearTimeout(timer);
      if (reply.kind === 'ready') resolve(reply.runtime);
      else reject(new Error(reply.kind === 'failed' ? reply.reason : 'an unexpected message'));
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`the process ended with ${signal ?? code}`));
    });
  });
}
