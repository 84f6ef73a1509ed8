import { createHash } from 'node:crypto';
import type { SpendModelKind } from '@kiki/clv';
import type { Clock } from '@kiki/kernel';
import type { LedgerTerms } from '../domain/ledger-terms.js';
import type { ModelLabel, OnnxArtefact, StandardOptions } from '../domain/model.js';
import {
  checkedDeclaration,
  type AskedDeclaration,
  type OnnxDeclaration,
} from '../domain/onnx-declaration.js';
import type { StoredBacktest } from '../domain/stored-backtest.js';
import { errors } from '../errors.js';
import type { FitWork, Fitted } from './fit-model.js';
import type { GraphIntake, ReceivedGraph } from './graphs.js';
import type { Ledger } from './ledger.js';
import type { Models, StoredModel } from './models.js';
import type { LogMeasurement } from './onnx-jobs.js';
import { championOf } from './promote-model.js';

/** What is brought. */
export interface ImportRequest {
  /** In the calendar days of the log. */
  readonly declaration: (terms: LedgerTerms) => AskedDeclaration;
  /** How purchases become money; undefined: Gamma-Gamma. */
  readonly spendKind: SpendModelKind | undefined;
  readonly label: ModelLabel | undefined;
  readonly by: string;
}

/** A model that was brought, now or before. */
export interface Imported extends Fitted {
  readonly isNew: boolean;
}

const DEFAULT_SPEND: SpendModelKind = 'gamma_gamma';

/** A checked import. */
interface Bringing {
  readonly tenant: string;
  readonly terms: LedgerTerms;
  readonly declaration: OnnxDeclaration;
  readonly request: ImportRequest;
  readonly graph: ReceivedGraph;
  readonly signal: AbortSignal;
}

/** Takes a graph in, tries it, measures the population with it, back-tests it as it is and stores it. */
export class ImportModel {
  constructor(
    private readonly ledger: Ledger,
    private readonly models: Models,
    private readonly work: FitWork & { readonly intake: GraphIntake },
    private readonly clock: Clock,
    private readonly standard: StandardOptions,
  ) {}

  /**
   * @throws no_transactions, onnx_declaration_invalid, onnx_graph_too_large, onnx_graph_invalid, onnx_graph_mismatch,
   * onnx_runtime_missing, onnx_run_failed
   */
  async execute(
    tenant: string,
    request: ImportRequest,
    pieces: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<Imported> {
    const view = await this.ledger.view(tenant);
    if (view === undefined) throw errors.no_transactions();
    const { terms } = view;
    const declaration = checkedDeclaration(request.declaration(terms), terms);
    checkSpendKind(declaration, request.spendKind);
    return this.work.intake.receive(pieces, (graph) =>
      this.bring({ tenant, terms, declaration, request, graph, signal }),
    );
  }

  private async bring(bringing: Bringing): Promise<Imported> {
    const { tenant, declaration, request, graph } = bringing;
    const { spendKind = DEFAULT_SPEND } = request;
    const importSha256 = shaOf({ declaration, spendKind, graph: graph.sha256 });
    const known = await this.models.imported(tenant, importSha256);
    if (known !== undefined) return { model: known, gates: [], isNew: false };
    const startedMs = this.clock.monotonicMs();
    const measured = await this.measure(bringing);
    const champion = await championOf(this.models, tenant);
    const artefact = await this.artefactOf(bringing, measured, champion, startedMs);
    bringing.signal.throwIfAborted();
    const { label, by } = request;
    const brought = { file: graph.file, importSha256 };
    const stored = { artefact, label, by, kind: 'fit', champion, brought } as const;
    return this.work.store.execute(tenant, stored);
  }

  private measure(bringing: Bringing): Promise<LogMeasurement> {
    const { tenant, terms, declaration, request, graph, signal } = bringing;
    const { currency, timeZone, newestDay } = terms;
    return this.work.jobs.measure(
      {
        ...{ tenant, currency, timeZone, endDay: newestDay },
        graph: { file: graph.file, declaration },
        spendKind: request.spendKind ?? DEFAULT_SPEND,
        standard: this.standardOf(declaration),
      },
      { signal, onProgress: () => undefined },
    );
  }

  /** A model that knows one horizon is measured with that one. */
  private standardOf({ trainedHorizonDays }: OnnxDeclaration): OnnxArtefact['standard'] {
    const { standard } = this;
    return { ...standard, horizonDays: trainedHorizonDays ?? standard.horizonDays };
  }

  private async artefactOf(
    { tenant, terms, declaration, graph, signal }: Bringing,
    measured: LogMeasurement,
    champion: StoredModel | undefined,
    startedMs: number,
  ): Promise<OnnxArtefact> {
    const { currency, timeZone, newestDay: endDay } = terms;
    const onnx = { declaration, graphSha256: graph.sha256, graphBytes: graph.bytes };
    const facts = { ...measured, onnx, timeUnit: 'day', currency, timeZone } as const;
    const { file } = graph;
    const backtest = await this.work.backtest.executeGiven(
      tenant,
      { artefact: facts, terms, endDay, champion, file },
      { signal, onProgress: () => undefined },
    );
    return {
      ...facts,
      warnings: [...measured.warnings, ...trainingWarnings(declaration, backtest)],
      calibrationDay: declaration.trainedUntilDay ?? endDay,
      standard: this.standardOf(declaration),
      fitDurationMs: this.clock.monotonicMs() - startedMs,
      ...(backtest !== undefined && { backtest }),
    };
  }
}

/** Revenue needs no spend model. @throws onnx_declaration_invalid */
function checkSpendKind(
  { outputMeaning }: OnnxDeclaration,
  spendKind: SpendModelKind | undefined,
): void {
  if (outputMeaning === 'purchases' || spendKind === undefined) return;
  const fields = [{ field: 'spend_kind', expected: 'nothing, because the output is revenue' }];
  throw errors.onnx_declaration_invalid(undefined, { fields });
}

/** What is to be known of a back-test that the training may have seen. */
function trainingWarnings(
  { trainedUntilDay }: OnnxDeclaration,
  backtest: StoredBacktest | undefined,
): string[] {
  if (backtest === undefined) return [];
  if (trainedUntilDay === undefined) return ['training_end_unknown'];
  return trainedUntilDay > backtest.calibrationDay ? ['backtest_overlaps_training'] : [];
}

function shaOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
