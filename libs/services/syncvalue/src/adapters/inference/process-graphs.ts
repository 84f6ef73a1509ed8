import { GraphProcess } from '@kiki/inference';
import { DomainError, type Clock } from '@kiki/kernel';
import type { Metrics } from '@kiki/metrics';
import { Graphs, type GraphPieces } from '../../application/graphs.js';
import { graphFeeds, graphOutputs } from '../../application/graph-tensors.js';
import type { OnnxDeclaration, OnnxModel } from '../../domain/onnx-declaration.js';
import type { OnnxInput } from '../../domain/onnx-input.js';
import { errors } from '../../errors.js';
import { withGraphFile } from './graph-folder.js';
import { JoinedRuns } from './joined-runs.js';

/** How graphs are run. */
export interface ProcessGraphsOptions {
  /** Processes at a time, one graph each; the one asked longest ago goes first. */
  readonly maxProcesses: number;
  readonly runTimeoutMs: number;
  /** After a graph could not be started, so long no new try is made, milliseconds. */
  readonly restMs: number;
}

interface Entry {
  readonly process: Promise<GraphProcess>;
  readonly runs: JoinedRuns;
  /** Runs that it still owes. */
  running: number;
  hasAnswered: boolean;
}

/**
 * Runs each graph in a process of its own, which is started by the first call that needs it and by the first after its
 * death. What goes wrong is the error of the calls that waited for it.
 */
export class ProcessGraphs extends Graphs {
  /** By SHA-256 of the graph; the one asked last is the last one. */
  private readonly entries = new Map<string, Entry>();
  private readonly resting = new Map<
    string,
    { readonly untilMs: number; readonly error: unknown }
  >();
  private isClosed = false;
  private readonly runs;
  private readonly seconds;

  constructor(
    private readonly pieces: GraphPieces,
    private readonly clock: Clock,
    private readonly options: ProcessGraphsOptions,
    metrics: Metrics,
  ) {
    super();
    this.runs = metrics.counter({
      name: 'onnx_runs_total',
      help: 'Runs of brought models by outcome: done, failed, unavailable.',
      labelNames: ['outcome'],
    });
    this.seconds = metrics.histogram({
      name: 'onnx_run_duration_seconds',
      help: 'Time of one run of a brought model, with the way to its process and back.',
      buckets: [0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1, 10],
    });
  }

  /** Processes there are, for `/ready`. */
  get processCount(): number {
    return this.entries.size;
  }

  /** Codes of why graphs cannot be run at the moment, for `/ready`. */
  get unusable(): string[] {
    const nowMs = this.clock.monotonicMs();
    const resting = [...this.resting.values()].filter(({ untilMs }) => nowMs < untilMs);
    return [...new Set(resting.map(({ error }) => codeOf(error)))];
  }

  /** Pids of the children, for tests that kill them. */
  async pids(): Promise<number[]> {
    const processes = await Promise.all([...this.entries.values()].map(({ process }) => process));
    return processes.flatMap(({ pid }) => pid ?? []);
  }

  override async run(tenant: string, model: OnnxModel, input: OnnxInput): Promise<Float64Array> {
    const entry = this.entryOf(tenant, model);
    entry.running += 1;
    try {
      await entry.process.catch((error: unknown) => {
        this.runs.inc({ outcome: 'unavailable' });
        throw unavailable(error);
      });
      const outputs = await entry.runs.run(model.declaration, input);
      entry.hasAnswered = true;
      return outputs;
    } catch (error) {
      // A graph that ends its process each time would cost a new one per call.
      if (!entry.hasAnswered) this.rest(model.graphSha256, error);
      throw error;
    } finally {
      entry.running -= 1;
    }
  }

  override withFile<T>(
    tenant: string,
    { graphSha256, graphBytes }: OnnxModel,
    work: (file: string) => Promise<T>,
  ): Promise<T> {
    const damaged = (): Error => errors.onnx_unavailable('The stored graph is not what it was.');
    const limit = { maxBytes: graphBytes, tooLarge: damaged };
    const pieces = this.pieces.read(tenant, graphSha256);
    return withGraphFile(pieces, limit, ({ file, sha256 }) => {
      if (sha256 !== graphSha256) throw damaged();
      return work(file);
    });
  }

  /** Ends all processes. */
  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([...this.entries.keys()].map((sha256) => this.drop(sha256)));
  }

  private async runOn(
    process: GraphProcess,
    declaration: OnnxDeclaration,
    input: OnnxInput,
  ): Promise<Float64Array> {
    const startedMs = this.clock.monotonicMs();
    try {
      const results = await process.run(graphFeeds(declaration, input));
      const outputs = graphOutputs(declaration, input, results);
      this.seconds.observe((this.clock.monotonicMs() - startedMs) / 1000);
      this.runs.inc({ outcome: 'done' });
      return outputs;
    } catch (error) {
      this.runs.inc({ outcome: 'failed' });
      throw unavailable(error);
    }
  }

  private entryOf(tenant: string, model: OnnxModel): Entry {
    const { graphSha256 } = model;
    if (this.isClosed) throw errors.onnx_unavailable('The service is stopping.');
    const rest = this.resting.get(graphSha256);
    if (rest !== undefined && this.clock.monotonicMs() < rest.untilMs) {
      this.runs.inc({ outcome: 'unavailable' });
      throw unavailable(rest.error);
    }
    const entry = this.entries.get(graphSha256) ?? this.newEntry(tenant, model);
    this.entries.delete(graphSha256);
    this.entries.set(graphSha256, entry);
    this.makeRoom();
    return entry;
  }

  private newEntry(tenant: string, model: OnnxModel): Entry {
    const { runTimeoutMs } = this.options;
    const forget = (): void => {
      if (this.entries.get(model.graphSha256) === entry) this.entries.delete(model.graphSha256);
    };
    const process = this.withFile(tenant, model, (file) =>
      GraphProcess.start({ file, runTimeoutMs, onEnd: forget }),
    );
    const runs = new JoinedRuns(async (declaration, input) =>
      this.runOn(await process, declaration, input),
    );
    const entry = { process, runs, running: 0, hasAnswered: false };
    process.then(() => this.resting.delete(model.graphSha256), forget);
    return entry;
  }

  private rest(sha256: string, error: unknown): void {
    this.resting.set(sha256, { untilMs: this.clock.monotonicMs() + this.options.restMs, error });
  }

  /** Ends the process that was asked longest ago, among those that owe nothing. */
  private makeRoom(): void {
    if (this.entries.size <= this.options.maxProcesses) return;
    for (const [sha256, { running }] of this.entries) {
      if (running > 0) continue;
      void this.drop(sha256);
      return;
    }
  }

  private async drop(sha256: string): Promise<void> {
    const entry = this.entries.get(sha256);
    this.entries.delete(sha256);
    const process = await entry?.process.catch(() => undefined);
    await process?.close();
  }
}

/** Of an error behind one that says that a call may be made again, its own. */
function codeOf(error: unknown): string {
  const { cause } = error instanceof Error ? error : {};
  return DomainError.is(cause) ? cause.code : DomainError.is(error) ? error.code : 'internal';
}

/** Whatever the runtime says: the call may be made again. */
function unavailable(error: unknown): DomainError {
  if (DomainError.is(error) && error.code === 'onnx_unavailable') return error;
  const message = error instanceof Error ? error.message : String(error);
  return errors.onnx_unavailable(message, {}, { cause: error });
}
