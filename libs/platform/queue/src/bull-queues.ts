import type { PayloadSigner } from '@kiki/auth';
import { SystemClock, SystemRandom, type Clock, type Random } from '@kiki/kernel';
import { SilentLogger, type Logger } from '@kiki/logging';
import { JobRed, type Metrics } from '@kiki/metrics';
import { BullJobQueue } from './bull-job-queue.js';
import { errors } from './errors.js';
import type { WorkerContext } from './job-worker.js';
import { Queues, type JobQueue, type QueueOptions } from './ports.js';
import type { QueueBackend, WorkerTimings } from './queue-backend.js';
import { QueueGauges } from './queue-gauges.js';

/** What the queues of one service are made of. */
export interface BullQueuesOptions {
  /** e.g. `syncflow`; queue names in the store are `<service>.<name>`. */
  readonly service: string;
  readonly backend: QueueBackend;
  readonly signer: PayloadSigner;
  /** Scope that a producer's key must have. @default `<area>:write`, e.g. `flow:write` for syncflow */
  readonly scope?: string;
  /** @default the machine's clock */
  readonly clock?: Clock;
  /** @default the machine's randomness */
  readonly random?: Random;
  readonly logger?: Logger;
  readonly metrics?: Metrics;
  readonly timings?: Partial<WorkerTimings>;
}

const NAME = /^[a-z][a-z0-9-]{0,39}$/;

/** The queues of one service on BullMQ. */
export class BullQueues extends Queues {
  private readonly queues = new Map<string, BullJobQueue<unknown>>();
  /** Queues of other services; their depth is told by those. */
  private readonly foreign = new Map<string, BullJobQueue<unknown>>();
  private readonly gauges: QueueGauges | undefined;
  private readonly clock: Clock;
  private readonly red: JobRed | undefined;
  private closing: Promise<void> | undefined;

  constructor(private readonly options: BullQueuesOptions) {
    super();
    this.clock = options.clock ?? new SystemClock();
    this.red = options.metrics && new JobRed(options.metrics);
    this.gauges = options.metrics && new QueueGauges(options.metrics, this.queues);
  }

  override queue<T>(name: string, options: QueueOptions = {}): JobQueue<T> {
    if (!NAME.test(name)) {
      throw errors.queue_name_invalid(`"${name}" is not the name of a queue.`, {
        fields: [{ field: 'name', expected: 'lower-case letters, digits and dashes, at most 40' }],
      });
    }
    const service = options.service ?? this.options.service;
    const storedName = `${service}.${name}`;
    const queues = service === this.options.service ? this.queues : this.foreign;
    const key = queues === this.queues ? name : storedName;
    let queue = queues.get(key);
    if (queue === undefined) {
      queue = new BullJobQueue<unknown>(name, storedName, this.contextOf(options));
      queues.set(key, queue);
    }
    return queue as unknown as JobQueue<T>;
  }

  override ping(): Promise<void> {
    return this.options.backend.ping();
  }

  override close(graceMs = 10_000): Promise<void> {
    this.closing ??= this.closeAll(graceMs);
    return this.closing;
  }

  private async closeAll(graceMs: number): Promise<void> {
    this.gauges?.stop();
    const all = [...this.queues.values(), ...this.foreign.values()];
    await Promise.all(all.map((queue) => queue.close(graceMs)));
    await this.options.backend.close();
  }

  private contextOf(options: QueueOptions): WorkerContext {
    const { service, signer } = this.options;
    const isOwn = options.service === undefined || options.service === service;
    const backend = isOwn ? this.options.backend : this.options.backend.of(options.service);
    const scope = options.scope ?? this.options.scope ?? `${service.replace(/^sync/, '')}:write`;
    return {
      backend,
      trust: { signer, scope },
      clock: this.clock,
      random: this.options.random ?? new SystemRandom(),
      logger: this.options.logger ?? new SilentLogger(),
      timings: { lockMs: 15_000, stalledCheckMs: 5000, ...this.options.timings },
      red: this.red,
    };
  }
}
