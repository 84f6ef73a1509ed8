import type { Reporter } from '@kiki/cli';
import {
  customerById,
  ModelKind,
  TimeUnit,
  type BacktestMetrics,
  type Model,
} from '@kiki/contract-syncvalue';
import { kernelErrors } from '@kiki/kernel';
import { errors } from '../errors.js';
import { importOrders } from '../orders/import-orders.js';
import { orderFileBytes, summariseOrderFile, type OrderFileSummary } from '../orders/order-file.js';
import type { DemoPlatform } from './demo-platform.js';
import { defaultCalibrationEnd, type DemoOptions } from './options.js';

/** What the value step works with. */
export interface ValueStepInput {
  readonly platform: DemoPlatform;
  readonly options: DemoOptions;
  readonly file: string;
  readonly summary: OrderFileSummary;
  readonly calibrationEnd: Date;
  readonly report: Reporter;
  readonly signal: AbortSignal;
}

/** What came of it. */
export interface ValueStepResult {
  /** Fitted to the calibration, judged by the back-test. */
  readonly calibration: Model;
  /** Fitted to everything; prices the bids. */
  readonly champion: Model;
  readonly backtest: BacktestMetrics;
  readonly meanValueMicros: bigint;
}

const UNITS = { day: TimeUnit.DAY, week: TimeUnit.WEEK, month: TimeUnit.MONTH } as const;
const KIND = ModelKind.BGNBD;
const SAMPLE = 2_000;

/** Reads the log once, before anything is started. @throws as the reader; calibration_end_invalid */
export async function inspectOrders(
  file: string,
  options: DemoOptions,
): Promise<{ readonly summary: OrderFileSummary; readonly calibrationEnd: Date }> {
  await orderFileBytes(file);
  const summary = await summariseOrderFile(file, options.orderLog);
  if (!summary.hasAmounts) {
    throw kernelErrors.invalid_request(
      'The order log has no amounts, so no customer has a value.',
      {
        fields: [{ field: '--columns', expected: 'amount=… naming the column of the amounts' }],
      },
    );
  }
  const { firstAtMs, lastAtMs } = summary;
  const endMs = options.calibrationEndMs ?? defaultCalibrationEnd(firstAtMs, lastAtMs);
  if (endMs < firstAtMs || endMs >= lastAtMs) {
    const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
    throw errors.calibration_end_invalid(
      `${day(endMs)} does not lie within ${day(firstAtMs)} and ${day(lastAtMs)}.`,
    );
  }
  return { summary, calibrationEnd: new Date(endMs) };
}

/** Order log in, model fitted, validated, fitted to everything and promoted. */
export async function runValueStep(input: ValueStepInput): Promise<ValueStepResult> {
  const { options, calibrationEnd, signal } = input;
  const { value, tenant } = input.platform;
  const call = { tenant, signal };
  await importFile(input);
  const timeUnit = UNITS[options.timeUnit];
  const fit = { kind: KIND, timeUnit };
  const calibration = await value.fitModel({ ...fit, calibrationEnd }, call);
  const { windows } = await value.backtest({ ...fit, calibrationEnd }, call);
  const backtest = windows.at(-1)?.metrics;
  if (backtest === undefined) throw kernelErrors.internal('The back-test has no window.');
  const { modelVersion } = await value.fitModel(fit, call);
  // The report shows the back-test to whoever decides; the demo goes on with this log whatever the gates say.
  const { model: champion } = await value.promoteModel(
    { modelVersion, isForced: true, reason: 'the demo uses the model of the whole log' },
    call,
  );
  if (champion === undefined) throw kernelErrors.internal('The promotion answered no model.');
  const meanValueMicros = await meanValue(input, champion.modelVersion);
  return { calibration, champion, backtest, meanValueMicros };
}

async function importFile({
  platform,
  options,
  file,
  report,
  signal,
}: ValueStepInput): Promise<void> {
  const total = await orderFileBytes(file);
  const progress = report.progress({ label: 'importing the order log', total, unit: 'bytes' });
  const { ingested } = await importOrders({
    ...{ path: file, tenant: platform.tenant, client: platform.value, signal },
    options: options.orderLog,
    onBytes: (bytes) => progress.update(bytes),
  }).finally(() => progress.end());
  if (ingested.rejectedCount > 0n) {
    const [first] = ingested.errors;
    throw kernelErrors.invalid_request(
      `SyncValue refused ${ingested.rejectedCount} rows, the first: ${first?.code} ${first?.message}`,
    );
  }
}

/** The mean value of up to 2,000 customers: what the demo's budgets and its exchange are scaled by. */
async function meanValue(
  { platform, summary, signal }: ValueStepInput,
  modelVersion: string,
): Promise<bigint> {
  const step = Math.max(1, Math.floor(summary.customerIds.length / SAMPLE));
  const sample = summary.customerIds.filter((_, i) => i % step === 0).slice(0, SAMPLE);
  const { results } = await platform.value.predictBatch(
    sample.map(customerById),
    { model: { $case: 'modelVersion', value: modelVersion } },
    { tenant: platform.tenant, signal },
  );
  let sum = 0n;
  for (const { outcome } of results) {
    if (outcome?.$case === 'prediction') sum += outcome.value.ltvMicros;
  }
  return sum / BigInt(Math.max(1, results.length));
}
