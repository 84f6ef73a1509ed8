import { GrpcClient, type GrpcCallOptions, type GrpcClientOptions } from '@kiki/grpc';
import { kernelErrors } from '@kiki/kernel';
import type { BacktestProgress, BacktestReport } from './generated/kiki/syncvalue/v1/backtest.js';
import type { ForecastProgress, ForecastReport } from './generated/kiki/syncvalue/v1/forecast.js';
import type { GateResult } from './generated/kiki/syncvalue/v1/gate.js';
import type { FitProgress, Model, ModelKind } from './generated/kiki/syncvalue/v1/model.js';
import type * as rpc from './generated/kiki/syncvalue/v1/sync_value_service.js';
import { SyncValueServiceService as methods } from './generated/kiki/syncvalue/v1/sync_value_service.js';
import { forecastRequest, type AskedForecast } from './forecast-request.js';
import { SYNCVALUE_SERVICE } from './service.js';

/** How a client of SyncValue is made. */
export interface SyncValueClientOptions extends Omit<GrpcClientOptions, 'retryable'> {
  /** Metadata of every call on behalf of a tenant, e.g. `(tenant) => peers.headers(tenant)`. */
  readonly headers?: (tenant: string) => Readonly<Record<string, string>>;
}

/** What a call may say; `tenant` is handed to `headers`. */
export interface SyncValueCall extends GrpcCallOptions {
  /** @default 'default' */
  readonly tenant?: string;
}

/** Deadline of calls that run as long as the work takes, milliseconds. */
export const LONG_DEADLINE_MS = 600_000;
const REPEATABLE = [
  ...[
    'Predict',
    'PredictBatch',
    'Explain',
    'GetCustomer',
    'ListCustomers',
    'ListModels',
    'GetModel',
  ],
  ...['ListLabelMoves', 'ListRefits', 'GetShadowComparison', 'GetDrift'],
];

/** The calls that run as long as the work takes, and what every call needs. */
export class ModelWorkClient {
  protected readonly channel: GrpcClient;

  constructor(private readonly options: SyncValueClientOptions) {
    const retryable = REPEATABLE.map((method) => ({ service: SYNCVALUE_SERVICE, method }));
    this.channel = new GrpcClient({ ...options, retryable });
  }

  /**
   * Fits a model; aborting the signal stops the fit. One that was to become champion and is told by `onGates` that it
   * failed one is stored without the label. @throws no_transactions, fit_failed
   */
  async fitModel(
    request: Partial<rpc.FitModelRequest> = {},
    call?: SyncValueCall & {
      readonly onProgress?: (progress: FitProgress) => void;
      readonly onGates?: (gates: readonly GateResult[]) => void;
    },
  ): Promise<Model> {
    const full: rpc.FitModelRequest = {
      kind: 0,
      spendKind: 0,
      timeUnit: 0,
      calibrationEnd: undefined,
      label: 0,
      ...request,
    };
    const answers = this.channel.serverStream(
      methods.fitModel,
      full,
      this.callOf(call, LONG_DEADLINE_MS),
    );
    for await (const { update, gates } of answers) {
      if (update?.$case === 'progress') call?.onProgress?.(update.value);
      if (update?.$case !== 'model') continue;
      if (gates.length > 0) call?.onGates?.(gates);
      return update.value;
    }
    throw kernelErrors.internal('The fit ended without a model.');
  }

  /** Fits on the past, scores on the future of the tenant's log. */
  async backtest(
    request: Partial<rpc.BacktestRequest> = {},
    call?: SyncValueCall & {
      readonly onProgress?: (progress: BacktestProgress) => void;
      /** Told which kind forecast each window. */
      readonly onKinds?: (kinds: readonly ModelKind[]) => void;
    },
  ): Promise<BacktestReport> {
    const full: rpc.BacktestRequest = {
      kind: 0,
      timeUnit: 0,
      calibrationEnd: undefined,
      holdoutEnd: undefined,
      originCount: 0,
      ...request,
    };
    const answers = this.channel.serverStream(
      methods.backtest,
      full,
      this.callOf(call, LONG_DEADLINE_MS),
    );
    for await (const { update, fittedKinds } of answers) {
      if (update?.$case === 'progress') call?.onProgress?.(update.value);
      if (update?.$case !== 'report') continue;
      call?.onKinds?.(fittedKinds);
      return update.value;
    }
    throw kernelErrors.internal('The back-test ended without a report.');
  }

  /**
   * What segments of customers do together, of all customers unless asked otherwise.
   * @throws model_missing, forecast_invalid
   */
  async forecast(
    asked: AskedForecast = {},
    call?: SyncValueCall & { readonly onProgress?: (progress: ForecastProgress) => void },
  ): Promise<ForecastReport> {
    const answers = this.channel.serverStream(
      methods.forecast,
      forecastRequest(asked),
      this.callOf(call, LONG_DEADLINE_MS),
    );
    for await (const { update } of answers) {
      if (update?.$case === 'report') return update.value;
      if (update?.$case === 'progress') call?.onProgress?.(update.value);
    }
    throw kernelErrors.internal('The forecast ended without a report.');
  }

  /** Waits until a connection stands. @throws unavailable */
  ready(timeoutMs: number): Promise<void> {
    return this.channel.ready(timeoutMs);
  }

  /** Closes the channel. */
  close(): void {
    this.channel.close();
  }

  protected callOf(call: SyncValueCall = {}, deadlineMs?: number): GrpcCallOptions {
    const headers = this.options.headers?.(call.tenant ?? 'default');
    return {
      signal: call.signal,
      deadlineMs: call.deadlineMs ?? deadlineMs,
      metadata: { ...headers, ...call.metadata },
    };
  }
}
