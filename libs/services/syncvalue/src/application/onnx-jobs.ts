import {
  averageCustomer,
  clvErrors,
  fitSpend,
  rowOf,
  type CustomerTable,
  type SpendModel,
  type SpendModelKind,
  type ValuedCustomer,
} from '@kiki/clv';
import { tierBounds, type OnProgress } from '../domain/fitting.js';
import type { OnnxArtefact, StandardOptions } from '../domain/model.js';
import type { OnnxDeclaration } from '../domain/onnx-declaration.js';
import { graphProblems, type OnnxSignature } from '../domain/onnx-graph-check.js';
import { OnnxInputs, type OnnxInput } from '../domain/onnx-input.js';
import { isUsable, outputValue } from '../domain/onnx-predictor.js';
import { probedCustomers } from '../domain/onnx-probe.js';
import { populationProfile } from '../domain/population-profile.js';
import { scoreGiven, type GivenScores } from '../domain/scoring-given.js';
import { errors } from '../errors.js';
import { readForFit, readForScore, type LogScan } from './log-jobs.js';

/** A graph on disk and what it is declared to be; structured-cloneable. */
export interface GraphFile {
  readonly file: string;
  readonly declaration: OnnxDeclaration;
}

/** A graph that is loaded in a process of its own. */
export interface OpenGraph extends OnnxSignature {
  /** One output per row. @throws onnx_run_failed */
  run(input: OnnxInput): Promise<Float64Array>;
  close(): Promise<void>;
}

/** Loads a graph. @throws onnx_runtime_missing, onnx_graph_invalid, onnx_run_failed */
export type OpenGraphFile = (graph: GraphFile) => Promise<OpenGraph>;

/** The measurement of a brought graph on a tenant's log; structured-cloneable. */
export interface LogMeasureJob {
  readonly tenant: string;
  readonly currency: string;
  readonly timeZone: string;
  readonly endDay: number;
  readonly graph: GraphFile;
  readonly spendKind: SpendModelKind;
  readonly standard: StandardOptions;
}

/** What it yields. */
export interface LogMeasurement extends Pick<
  OnnxArtefact,
  'spend' | 'average' | 'tiers' | 'population' | 'warnings'
> {
  readonly dataSha256: string;
  readonly transactionCount: number;
  readonly customerCount: number;
}

/** One window of a log forecast by a brought graph; structured-cloneable. */
export interface LogGivenJob {
  readonly tenant: string;
  readonly graph: GraphFile;
  readonly spendKind: SpendModelKind;
  readonly calibrationDay: number;
  readonly holdoutDay: number;
}

/** Rows of one run. */
const RUN_ROWS = 10_000;
/** Horizons that a graph is tried on beside the standard one, where it is told the horizon; days. */
const PROBED_HORIZONS_DAYS = [1, 3650];
/** Largest relative difference between a row's output alone and among others. */
const ROW_TOLERANCE = 1e-4;

/**
 * Opens a graph, tries it and measures the population with it.
 * @throws onnx_graph_mismatch, no_transactions, as OpenGraphFile
 */
export async function measureLog(
  scan: LogScan,
  open: OpenGraphFile,
  job: LogMeasureJob,
  onProgress: OnProgress,
): Promise<LogMeasurement> {
  const { graph, spendKind, standard } = job;
  return withGraph(open, graph, async (opened) => {
    const reading = { ...job, kind: 'nbd', timeUnit: 'day' } as const;
    const { table, dataSha256, transactionCount } = await readForFit(scan, reading, onProgress);
    const customerCount = table.customerIds.length;
    if (customerCount === 0) throw errors.no_transactions();
    const average = averageCustomer(table);
    const inputs = new OnnxInputs(graph.declaration, average);
    const { horizonDays } = standard;
    const { outputMeaning, trainedHorizonDays } = graph.declaration;
    const more = trainedHorizonDays === undefined ? PROBED_HORIZONS_DAYS : [];
    for (const days of [horizonDays, ...more]) {
      await probe(opened, inputs, probedCustomers(table, average), days);
    }
    onProgress('population', 0.4);
    const outputs = await forecastTable(opened, inputs, table, horizonDays);
    const fitted = outputMeaning === 'revenue' ? undefined : fitSpend(table, spendKind);
    onProgress('population', 0.8);
    const values = valuesOf(table, outputs, fitted?.model, standard);
    return {
      ...(fitted !== undefined && { spend: fitted.model }),
      average,
      tiers: tierBounds(values.toSorted()),
      population: populationProfile(table, values),
      warnings: [...new Set(fitted?.warnings.map(({ code }) => code))],
      ...{ dataSha256, transactionCount, customerCount },
    };
  });
}

/** Values at margin 1. */
function valuesOf(
  table: CustomerTable,
  outputs: Float64Array,
  spend: SpendModel | undefined,
  standard: StandardOptions,
): Float64Array {
  const options = { ...standard, margin: 1 };
  return outputs.map((output, i) => {
    return outputValue(rowOf(table, i), output, spend, options).valueMicros;
  });
}

/**
 * Scores a graph on the newest part of a log, as it is; what it is told of the population is what was known before.
 * @throws clv_not_enough_data, onnx_graph_mismatch, as OpenGraphFile
 */
export async function scoreGivenLog(
  scan: LogScan,
  open: OpenGraphFile,
  job: LogGivenJob,
  onProgress: OnProgress,
): Promise<GivenScores> {
  const { graph, spendKind } = job;
  const reading = { ...job, kind: 'nbd', timeUnit: 'day' } as const;
  const past = await readForScore(scan, reading, onProgress);
  if (past.table.customerIds.length === 0) throw clvErrors.clv_not_enough_data();
  const { outputMeaning, trainedHorizonDays = past.horizon } = graph.declaration;
  const inputs = new OnnxInputs(graph.declaration, averageCustomer(past.table));
  const outputs = await withGraph(open, graph, (opened) =>
    forecastTable(opened, inputs, past.table, trainedHorizonDays),
  );
  onProgress('scoring', 0.8);
  return scoreGiven({ ...past, outputs, outputMeaning, spendKind });
}

async function withGraph<T>(
  open: OpenGraphFile,
  graph: GraphFile,
  work: (opened: OpenGraph) => Promise<T>,
): Promise<T> {
  const opened = await open(graph);
  try {
    const fields = graphProblems(graph.declaration, opened);
    if (fields.length === 0) return await work(opened);
    const named = fields.map(({ field, expected }) => `${field}: ${expected}`).join('; ');
    throw errors.onnx_graph_mismatch(`The graph and its declaration differ: ${named}.`, { fields });
  } finally {
    await opened.close();
  }
}

/** Tries the customers together and each alone. @throws onnx_graph_mismatch */
async function probe(
  graph: OpenGraph,
  inputs: OnnxInputs,
  probed: ReturnType<typeof probedCustomers>,
  horizonDays: number,
): Promise<void> {
  const everybody = probed.map(({ customer }) => customer);
  const together = await tried(graph, inputs.of(everybody, [horizonDays]));
  for (const [i, { name, customer }] of probed.entries()) {
    const output = together[i] ?? NaN;
    const who = `${name}, ${horizonDays} days ahead`;
    if (!isUsable(output)) throw mismatch(`finite numbers ≥ 0, not ${output} for ${who}`);
    const [alone = NaN] = await tried(graph, inputs.of([customer], [horizonDays]));
    const scale = Math.max(Math.abs(output), Math.abs(alone), 1e-6);
    if (!(Math.abs(alone - output) <= ROW_TOLERANCE * scale)) {
      throw mismatch(
        `the same whoever else is asked for, not ${alone} alone and ${output} among others for ${who}`,
      );
    }
  }
}

/** A first run that fails is the graph's fault. */
async function tried(graph: OpenGraph, input: OnnxInput): Promise<Float64Array> {
  return graph.run(input).catch((error: unknown) => {
    throw mismatch(
      `a run without error, not: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
}

/** Every customer's output. @throws onnx_graph_mismatch for one that cannot be used */
async function forecastTable(
  graph: OpenGraph,
  inputs: OnnxInputs,
  table: CustomerTable,
  horizonDays: number,
): Promise<Float64Array> {
  const n = table.customerIds.length;
  const all = new Float64Array(n);
  for (let from = 0; from < n; from += RUN_ROWS) {
    const rows: ValuedCustomer[] = [];
    for (let i = from; i < Math.min(n, from + RUN_ROWS); i++) rows.push(rowOf(table, i));
    const outputs = await graph.run(inputs.of(rows, [horizonDays]));
    const bad = outputs.findIndex((output) => !isUsable(output));
    if (bad >= 0) {
      const { frequency, recency, age } = rows[bad] ?? {};
      const who = `a customer with ${frequency} repeats, recency ${recency} and age ${age} days`;
      throw mismatch(`finite numbers ≥ 0, not ${outputs[bad]} for ${who}`);
    }
    all.set(outputs, from);
  }
  return all;
}

function mismatch(expected: string): Error {
  const fields = [{ field: 'declaration.output_name', expected }];
  return errors.onnx_graph_mismatch(`The output of the graph must be ${expected}.`, { fields });
}
