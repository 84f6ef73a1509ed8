import { CurrentPrincipal, RequireScope, Tenant, type Principal } from '@kiki/auth';
import type * as wire from '@kiki/contract-syncvalue';
import { Cursors } from '@kiki/http';
import { Controller } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { CompareShadow } from '../../application/compare-shadow.js';
import { Models } from '../../application/models.js';
import { checkReason, PromoteModel } from '../../application/promote-model.js';
import { RefitRuns } from '../../application/refit-models.js';
import { errors } from '../../errors.js';
import { labelOf } from './enums.js';
import { modelAnswer } from './model-answer.js';
import { IdPages } from './pages.js';
import { gateAnswer, moveAnswer, refitAnswer, shadowAnswer } from './promotion-answer.js';

/** Which model has which place, why, and how the others compare. */
@Controller()
export class ModelLifeController {
  private readonly pages: IdPages;

  constructor(
    private readonly models: Models,
    private readonly promotions: PromoteModel,
    private readonly shadows: CompareShadow,
    private readonly refits: RefitRuns,
    cursors: Cursors,
  ) {
    this.pages = new IdPages(cursors);
  }

  @GrpcMethod('SyncValueService', 'PromoteModel')
  @RequireScope('value:admin')
  async promoteModel(
    @Payload() request: wire.PromoteModelRequest,
    @CurrentPrincipal() principal: Principal,
  ): Promise<wire.PromoteModelResponse> {
    const { modelVersion: version, isForced, reason } = request;
    if (version === '') throw errors.model_not_found();
    const { model, previousVersion, gates } = await this.promotions.execute(principal.tenant, {
      ...{ version, isForced, reason, by: principal.keyId, kind: 'promotion' },
      label: labelOf(request.label) ?? 'champion',
      expectedVersion: request.expectedCurrentVersion || undefined,
    });
    return {
      model: modelAnswer(model),
      previousVersion: previousVersion ?? '',
      gates: gates.map(gateAnswer),
    };
  }

  @GrpcMethod('SyncValueService', 'RollbackModel')
  @RequireScope('value:admin')
  async rollbackModel(
    @Payload() request: wire.RollbackModelRequest,
    @CurrentPrincipal() principal: Principal,
  ): Promise<wire.RollbackModelResponse> {
    const { reason } = request;
    checkReason(reason, false);
    const { model, previousVersion } = await this.models.rollback(principal.tenant, {
      ...{ reason, by: principal.keyId },
      label: labelOf(request.label) ?? 'champion',
      expectedVersion: request.expectedCurrentVersion || undefined,
    });
    return { model: modelAnswer(model), previousVersion: previousVersion ?? '' };
  }

  @GrpcMethod('SyncValueService', 'ListLabelMoves')
  @RequireScope('value:read')
  async listLabelMoves(
    @Payload() request: wire.ListLabelMovesRequest,
    @Tenant() tenant: string,
  ): Promise<wire.ListLabelMovesResponse> {
    const { items, nextPageToken } = await this.pages.read(`moves:${tenant}`, request, (page) =>
      this.models.moves(tenant, page),
    );
    return { moves: items.map(moveAnswer), nextPageToken };
  }

  @GrpcMethod('SyncValueService', 'ListRefits')
  @RequireScope('value:read')
  async listRefits(
    @Payload() request: wire.ListRefitsRequest,
    @Tenant() tenant: string,
  ): Promise<wire.ListRefitsResponse> {
    const { items, nextPageToken } = await this.pages.read(`refits:${tenant}`, request, (page) =>
      this.refits.list(tenant, page),
    );
    return { refits: items.map(refitAnswer), nextPageToken };
  }

  @GrpcMethod('SyncValueService', 'GetShadowComparison')
  @RequireScope('value:read')
  async getShadowComparison(@Tenant() tenant: string): Promise<wire.GetShadowComparisonResponse> {
    const compared = await this.shadows.execute(tenant);
    return { comparison: compared && shadowAnswer(compared) };
  }
}
