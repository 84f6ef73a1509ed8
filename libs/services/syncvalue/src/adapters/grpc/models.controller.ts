import { authErrors, CurrentPrincipal, hasScope, RequireScope, Tenant } from '@kiki/auth';
import type { Principal } from '@kiki/auth';
import type * as wire from '@kiki/contract-syncvalue';
import { CallSignal } from '@kiki/grpc';
import { Cursors } from '@kiki/http';
import { Controller } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { BacktestModel, type BacktestAnswer } from '../../application/backtest-model.js';
import { FitModel, type FitRequest, type Fitted } from '../../application/fit-model.js';
import { Models } from '../../application/models.js';
import { withProgress } from '../../application/progress.js';
import type { ModelLabel } from '../../domain/model.js';
import { windowAnswer } from './answers.js';
import { labelOf, purchaseKindOf, spendKindOf, timeUnitOf, WIRE_KIND } from './enums.js';
import { modelAnswer } from './model-answer.js';
import { gateAnswer } from './promotion-answer.js';
import { instantOf, referenceOf } from './requests.js';

const DEFAULT_PAGE = 20;
const MAX_PAGE = 100;

/** Fits, scores and lists models. */
@Controller()
export class ModelsController {
  constructor(
    private readonly fits: FitModel,
    private readonly backtests: BacktestModel,
    private readonly models: Models,
    private readonly cursors: Cursors,
  ) {}

  @GrpcMethod('SyncValueService', 'FitModel')
  @RequireScope('value:write')
  async *fitModel(
    @Payload() request: wire.FitModelRequest,
    @CurrentPrincipal() principal: Principal,
    @CallSignal() outer: AbortSignal,
  ): AsyncGenerator<wire.FitModelResponse> {
    const asked = fitRequestOf(request, principal);
    const updates = withProgress<wire.FitProgress, Fitted>(outer, async (report, signal) => {
      const onProgress = (stage: string, fraction: number): void => report({ stage, fraction });
      const options = { signal, onProgress };
      return this.fits.execute(principal.tenant, asked, options);
    });
    for await (const update of updates) {
      yield update.kind === 'progress'
        ? { update: { $case: 'progress', value: update.progress }, gates: [] }
        : fittedAnswer(update.result);
    }
  }

  @GrpcMethod('SyncValueService', 'Backtest')
  @RequireScope('value:read')
  async *backtest(
    @Payload() request: wire.BacktestRequest,
    @Tenant() tenant: string,
    @CallSignal() outer: AbortSignal,
  ): AsyncGenerator<wire.BacktestResponse> {
    const question = {
      kind: purchaseKindOf(request.kind),
      spendKind: 'gamma_gamma' as const,
      timeUnit: timeUnitOf(request.timeUnit),
      calibrationEnd: instantOf(request.calibrationEnd, 'calibration_end'),
      holdoutEnd: instantOf(request.holdoutEnd, 'holdout_end'),
      originCount: request.originCount,
      horizonDays: request.horizonDays,
      wantsIntervals: true,
    };
    const updates = withProgress<wire.BacktestProgress, BacktestAnswer>(
      outer,
      async (report, signal) => {
        const onProgress = (stage: string, fraction: number): void => report({ stage, fraction });
        return this.backtests.execute(tenant, question, { signal, onProgress });
      },
    );
    for await (const update of updates) {
      yield update.kind === 'progress'
        ? { update: { $case: 'progress', value: update.progress }, fittedKinds: [] }
        : backtestAnswer(update.result);
    }
  }

  @GrpcMethod('SyncValueService', 'ListModels')
  @RequireScope('value:read')
  async listModels(
    @Payload() { pageSize, pageToken }: wire.ListModelsRequest,
    @Tenant() tenant: string,
  ): Promise<wire.ListModelsResponse> {
    const list = `models:${tenant}`;
    const limit = Math.min(pageSize || DEFAULT_PAGE, MAX_PAGE);
    const [before] = pageToken === '' ? [] : this.cursors.decode(list, pageToken);
    const beforeNumber = typeof before === 'number' ? before : undefined;
    const { models, nextNumber } = await this.models.list(tenant, { limit, beforeNumber });
    const nextPageToken = nextNumber === undefined ? '' : this.cursors.encode(list, [nextNumber]);
    return { models: models.map(modelAnswer), nextPageToken };
  }

  @GrpcMethod('SyncValueService', 'GetModel')
  @RequireScope('value:read')
  async getModel(
    @Payload() { model }: wire.GetModelRequest,
    @Tenant() tenant: string,
  ): Promise<wire.GetModelResponse> {
    return { model: modelAnswer(await this.models.get(tenant, referenceOf(model))) };
  }
}

function fittedAnswer({ model, gates }: Fitted): wire.FitModelResponse {
  return {
    update: { $case: 'model', value: modelAnswer(model) },
    gates: gates.map(gateAnswer),
  };
}

function backtestAnswer({ windows, currency }: BacktestAnswer): wire.BacktestResponse {
  const report = { windows: windows.map((window) => windowAnswer(window, currency)) };
  return {
    update: { $case: 'report', value: report },
    fittedKinds: windows.map(({ kind }) => WIRE_KIND[kind]),
  };
}

/** @throws scope_missing when a key without value:admin wants to make the champion */
function fitRequestOf(request: wire.FitModelRequest, principal: Principal): FitRequest {
  const label = mayLabel(labelOf(request.label), principal);
  return {
    kind: purchaseKindOf(request.kind),
    spendKind: spendKindOf(request.spendKind),
    timeUnit: timeUnitOf(request.timeUnit),
    calibrationEnd: instantOf(request.calibrationEnd, 'calibration_end'),
    label,
    by: principal.keyId,
  };
}

/** @throws scope_missing when a key without value:admin wants to make the champion */
export function mayLabel(
  label: ModelLabel | undefined,
  principal: Principal,
): ModelLabel | undefined {
  if (label === 'champion' && !hasScope(principal.scopes, 'value:admin')) {
    throw authErrors.scope_missing('Only value:admin may name the champion.', {
      requiredScope: 'value:admin',
    });
  }
  return label;
}
