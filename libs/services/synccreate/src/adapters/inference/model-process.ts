import { fileURLToPath } from 'node:url';
import { GraphProcess, type Provider } from '@kiki/inference';
import { modelUrl } from './model-file.js';

export type { Provider } from '@kiki/inference';

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

/** One child process with the saliency model loaded on one provider. */
export class ModelProcess {
  private constructor(private readonly graph: GraphProcess) {}

  /** Starts a child and waits until the model is loaded. @throws Error with the runtime's reason */
  static async start(options: ModelProcessOptions): Promise<ModelProcess> {
    return new ModelProcess(
      await GraphProcess.start({ ...options, file: fileURLToPath(modelUrl) }),
    );
  }

  get provider(): Provider {
    return this.graph.provider;
  }

  get pid(): number | undefined {
    return this.graph.pid;
  }

  /** Version of onnxruntime. */
  get runtime(): string {
    return this.graph.runtime;
  }

  /** Runs the model on a picture, planar RGB 0..1. @throws Error when the child fails, dies or is too slow */
  async run(image: Float32Array, dims: readonly number[]): Promise<Float32Array> {
    const { map } = await this.graph.run({ image: { type: 'float32', dims, data: image } });
    if (map?.type !== 'float32') throw new TypeError('the model gave no float map');
    return map.data as Float32Array;
  }

  /** Ends the child and waits for it. */
  close(): Promise<void> {
    return this.graph.close();
  }
}
