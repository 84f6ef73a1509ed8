import {
  askGates,
  failedGates,
  gateSummary,
  type GatedModel,
  type GateResult,
  type GateSettings,
} from '../domain/gates.js';
import type { LabelMoveKind, Model, ModelLabel, OnnxArtefact } from '../domain/model.js';
import type { StoredBacktest } from '../domain/stored-backtest.js';
import { errors } from '../errors.js';
import type { Models, Moved, StoredModel } from './models.js';

/** Who wants which version to have a label, and why. */
export interface PromotionRequest {
  readonly version: string;
  readonly label: ModelLabel;
  /** Refused unless the label points here; undefined: not checked. */
  readonly expectedVersion: string | undefined;
  readonly isForced: boolean;
  readonly reason: string;
  readonly by: string;
  readonly kind: LabelMoveKind;
}

/** What a promotion did and what the gates said. */
export interface Promoted extends Moved {
  readonly gates: readonly GateResult[];
}

/** What became of a version that may become champion; no model where a gate refused. */
export interface Offered {
  readonly model: Model | undefined;
  readonly gates: readonly GateResult[];
}

interface Judged {
  readonly moved: Moved | undefined;
  readonly gates: readonly GateResult[];
}

/** Most characters of a reason. */
export const MAX_REASON = 500;
/** How often the gates are asked anew when the champion changes meanwhile. */
const ATTEMPTS = 3;

/**
 * A brought model takes no fit to be scored anew: what the gates see of it is the newest part of the log.
 * Undefined where that is too short.
 */
export type RescoreBrought = (
  tenant: string,
  artefact: OnnxArtefact,
  champion: StoredModel | undefined,
) => Promise<StoredBacktest | undefined>;

/** Moves a label to a version; champion only through the gates, or by force with a reason. */
export class PromoteModel {
  constructor(
    private readonly models: Models,
    private readonly gates: GateSettings,
    private readonly rescored: RescoreBrought,
  ) {}

  /** @throws model_not_found, label_moved, promotion_refused, promotion_reason_invalid */
  async execute(tenant: string, request: PromotionRequest): Promise<Promoted> {
    checkReason(request.reason, request.isForced);
    if (request.label !== 'champion') {
      const moved = await this.move(tenant, request, request.expectedVersion, undefined);
      return { ...moved, gates: [] };
    }
    const { moved, gates } = await this.throughGates(tenant, request);
    if (moved === undefined) throw refusal(request.version, gates);
    return { ...moved, gates };
  }

  /** Makes a version champion if the gates let it, and tells what they said. @throws model_not_found, label_moved */
  async offer(
    tenant: string,
    offer: Pick<PromotionRequest, 'version' | 'by' | 'kind'>,
  ): Promise<Offered> {
    const how = { label: 'champion', isForced: false, reason: '' } as const;
    const request = { ...offer, ...how, expectedVersion: undefined };
    const { moved, gates } = await this.throughGates(tenant, request);
    return { model: moved?.model, gates };
  }

  /** Where another champion comes meanwhile and the caller named none, the gates are asked anew. */
  private async throughGates(tenant: string, request: PromotionRequest): Promise<Judged> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.promoteChampion(tenant, request);
      } catch (error) {
        const isRace = (error as { code?: unknown }).code === 'label_moved';
        if (!isRace || request.expectedVersion !== undefined || attempt === ATTEMPTS) throw error;
      }
    }
  }

  private async promoteChampion(tenant: string, request: PromotionRequest): Promise<Judged> {
    const stored = await this.models.artefact(tenant, request.version);
    if (stored === undefined) throw errors.model_not_found();
    const champion = await championOf(this.models, tenant);
    const candidate = await this.candidateOf(tenant, stored, champion);
    const gates = askGates(candidate, champion, this.gates);
    const isOverruled = failedGates(gates).length > 0;
    if (isOverruled && !request.isForced) return { moved: undefined, gates };
    const expected = request.expectedVersion ?? champion?.version ?? null;
    const isForced = request.isForced && isOverruled;
    const moved = await this.move(tenant, { ...request, isForced }, expected, gates);
    return { moved, gates };
  }

  private async candidateOf(
    tenant: string,
    { version, artefact }: StoredModel,
    champion: StoredModel | undefined,
  ): Promise<GatedModel> {
    if (artefact.onnx === undefined) return { version, artefact };
    const { backtest: _old, ...facts } = artefact;
    const backtest = await this.rescored(tenant, artefact, champion);
    return { version, artefact: { ...facts, ...(backtest !== undefined && { backtest }) } };
  }

  private move(
    tenant: string,
    { version, label, by, kind, reason, isForced }: PromotionRequest,
    expectedVersion: string | null | undefined,
    gates: readonly GateResult[] | undefined,
  ): Promise<Moved> {
    const move = { by, kind, reason, isForced, gates };
    return this.models.promote(tenant, { version, label, expectedVersion, move });
  }
}

/** The champion as the gates compare with it; undefined when there is none. */
export async function championOf(models: Models, tenant: string): Promise<StoredModel | undefined> {
  try {
    return await models.get(tenant, { label: 'champion' });
  } catch (error) {
    if ((error as { code?: unknown }).code === 'model_missing') return undefined;
    throw error;
  }
}

/** @throws promotion_reason_invalid */
export function checkReason(reason: string, isRequired: boolean): void {
  const isValid = reason.length <= MAX_REASON && (!isRequired || reason.trim() !== '');
  if (isValid) return;
  const expected = `${isRequired ? '1' : '0'} to ${MAX_REASON} characters`;
  throw errors.promotion_reason_invalid(undefined, { fields: [{ field: 'reason', expected }] });
}

function refusal(version: string, gates: readonly GateResult[]): Error {
  const failed = failedGates(gates).map(({ gate, value, bound, requirement }) => ({
    ...{ gate, requirement, value: value ?? null, bound: bound ?? null },
  }));
  return errors.promotion_refused(`${version} does not become champion: ${gateSummary(gates)}.`, {
    failedGates: failed,
  });
}
