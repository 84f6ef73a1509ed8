import type { ReadinessReport } from '@kiki/health';
import type { Clock } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { Metrics } from '@kiki/metrics';
import type { Counter, Histogram } from 'prom-client';
import type { SquareSample } from '../../application/picture-maker.js';
import { Saliency } from '../../application/saliency.js';
import type { SaliencyMap } from '../../domain/saliency-map.js';
import type { ModelProcess, Provider } from './model-process.js';
import { chooseProvider, type Attempted } from './provider-ladder.js';
import { SALIENCY_SIDE, saliencyGraph } from './saliency-graph.js';

/** How the model is run. */
export interface OnnxSaliencyOptions {
  /** Tried in order. */
  readonly providers: readonly Provider[];
  readonly runTimeoutMs: number;
  /** After a child could not be started, so long no new one is tried, milliseconds. */
  readonly restMs: number;
}

/**
 * The saliency model in a child process. A child that dies is replaced at the next look; while none can be
 * started every look answers undefined, and creatives are made without.
 */
export class OnnxSaliency extends Saliency {
  override readonly side = SALIENCY_SIDE;
  override readonly model = saliencyGraph.name;

  private process: Promise<ModelProcess | undefined> | undefined;
  private attempted: readonly Attempted[] = [];
  private restUntilMs = -Infinity;
  private isClosed = false;
  private restarts = -1;
  private readonly looks: Counter<'outcome'>;
  private readonly seconds: Histogram;

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly options: OnnxSaliencyOptions,
    metrics: Metrics,
  ) {
    super();
    this.looks = metrics.counter({
      name: 'inference_runs_total',
      help: 'Runs of the saliency model, by outcome.',
      labelNames: ['outcome'],
    });
    this.seconds = metrics.histogram({
      name: 'inference_duration_seconds',
      help: 'Time of one run of the saliency model, with the way to the child and back.',
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2],
    });
  }

  override async look({ side, planes }: SquareSample): Promise<SaliencyMap | undefined> {
    const process = await this.running();
    if (process === undefined) {
      this.looks.inc({ outcome: 'unavailable' });
      return undefined;
    }
    const startMs = this.clock.monotonicMs();
    try {
      const values = await process.run(planes, [1, 3, side, side]);
      this.seconds.observe((this.clock.monotonicMs() - startMs) / 1000);
      this.looks.inc({ outcome: 'done' });
      return { side, values };
    } catch (error) {
      this.looks.inc({ outcome: 'failed' });
      this.logger.warn('the saliency model failed; going on without', { error });
      return undefined;
    }
  }

  /** One line of `/ready`; without a model the service is degraded, not unready. Never waits for a start. */
  async report(): Promise<ReadinessReport> {
    void this.running();
    const process = await Promise.race([this.process, Promise.resolve(undefined)]);
    return {
      status: process === undefined ? 'degraded' : 'up',
      model: this.model,
      provider: process?.provider ?? null,
      runtime: process === undefined ? null : `onnxruntime ${process.runtime}`,
      restarts: Math.max(0, this.restarts),
      tried: this.attempted,
    };
  }

  /** Starts the model ahead of the first look. */
  async warmUp(): Promise<void> {
    await this.running();
  }

  /** Pid of the child, for tests that kill it. */
  async pid(): Promise<number | undefined> {
    return (await this.process)?.pid;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await (await this.process)?.close();
  }

  private async running(): Promise<ModelProcess | undefined> {
    if (this.isClosed) return undefined;
    if (this.process === undefined) {
      if (this.clock.monotonicMs() < this.restUntilMs) return undefined;
      this.restarts++;
      this.process = this.start();
    }
    return this.process;
  }

  private async start(): Promise<ModelProcess | undefined> {
    const { providers, runTimeoutMs } = this.options;
    const onEnd = (): void => void (this.process = undefined);
    const choice = await chooseProvider(providers, { runTimeoutMs, onEnd });
    this.attempted = choice.attempted;
    const { process } = choice;
    if (process === undefined) {
      this.process = undefined;
      this.restUntilMs = this.clock.monotonicMs() + this.options.restMs;
      this.logger.error('no provider can run the saliency model', { tried: choice.attempted });
      return undefined;
    }
    this.logger.info('saliency model loaded', { provider: process.provider });
    if (this.isClosed) await process.close();
    return process;
  }
}
