import type { PurchaseModelKind, SpendModelKind, TimeUnit } from '@kiki/clv';
import * as wire from '@kiki/contract-syncvalue';
import type { RefitOutcome } from '../../application/refit-models.js';
import type { DriftLevel } from '../../domain/drift.js';
import type { AskedKind } from '../../domain/choose-kind.js';
import type { LabelMoveKind, ModelLabel } from '../../domain/model.js';
import type { FallbackReason, ValueTier } from '../../domain/predictor.js';
import type { IncomingRow } from '../../domain/transaction.js';
import { errors } from '../../errors.js';

/** The purchase model to fit. @throws model_kind_unsupported */
export function purchaseKindOf(kind: wire.ModelKind): AskedKind {
  switch (kind) {
    case wire.ModelKind.UNSPECIFIED:
      return 'chosen';
    case wire.ModelKind.BGNBD:
      return 'bg_nbd';
    case wire.ModelKind.MBGNBD:
      return 'mbg_nbd';
    case wire.ModelKind.PARETONBD:
      return 'pareto_nbd';
    case wire.ModelKind.NBD:
      return 'nbd';
    case wire.ModelKind.AUTO:
      return 'auto';
    case wire.ModelKind.ENSEMBLE:
      return 'ensemble';
    case wire.ModelKind.GGOMPERTZNBD:
    case wire.ModelKind.BGBB:
    case wire.ModelKind.ONNX:
    default:
      throw unsupported('kind');
  }
}

/** The spend model to fit. @throws model_kind_unsupported */
export function spendKindOf(kind: wire.SpendModelKind): SpendModelKind {
  if (kind === wire.SpendModelKind.MEAN) return 'mean';
  if (kind === wire.SpendModelKind.UNSPECIFIED || kind === wire.SpendModelKind.GAMMA_GAMMA) {
    return 'gamma_gamma';
  }
  throw unsupported('spend_kind');
}

/** The unit of time; weeks by default. @throws model_kind_unsupported */
export function timeUnitOf(unit: wire.TimeUnit): TimeUnit {
  switch (unit) {
    case wire.TimeUnit.UNSPECIFIED:
    case wire.TimeUnit.WEEK:
      return 'week';
    case wire.TimeUnit.DAY:
      return 'day';
    case wire.TimeUnit.MONTH:
      return 'month';
    default:
      throw unsupported('time_unit');
  }
}

/** A label; undefined when none is named. @throws model_kind_unsupported */
export function labelOf(label: wire.ModelLabel): ModelLabel | undefined {
  if (label === wire.ModelLabel.UNSPECIFIED) return undefined;
  if (label === wire.ModelLabel.CHAMPION) return 'champion';
  if (label === wire.ModelLabel.CHALLENGER) return 'challenger';
  throw unsupported('label');
}

/** A tier; undefined when none is named. @throws model_kind_unsupported */
export function tierOf(tier: wire.ValueTier): ValueTier | undefined {
  if (tier === wire.ValueTier.UNSPECIFIED) return undefined;
  const found = (Object.keys(WIRE_TIER) as ValueTier[]).find((name) => WIRE_TIER[name] === tier);
  if (found === undefined) throw unsupported('value_tier');
  return found;
}

function unsupported(field: string): Error {
  return errors.model_kind_unsupported(undefined, {
    fields: [{ field, expected: 'a value that this version serves' }],
  });
}

/** What a row says it is; values of a newer client count as unspecified. */
export function rowKindOf(kind: wire.TransactionKind): IncomingRow['kind'] {
  if (kind === wire.TransactionKind.PURCHASE) return 'purchase';
  return kind === wire.TransactionKind.REFUND ? 'refund' : 'unspecified';
}

export const WIRE_KIND: Readonly<Record<PurchaseModelKind | 'ensemble' | 'onnx', wire.ModelKind>> =
  {
    bg_nbd: wire.ModelKind.BGNBD,
    mbg_nbd: wire.ModelKind.MBGNBD,
    pareto_nbd: wire.ModelKind.PARETONBD,
    ggompertz_nbd: wire.ModelKind.GGOMPERTZNBD,
    nbd: wire.ModelKind.NBD,
    ensemble: wire.ModelKind.ENSEMBLE,
    onnx: wire.ModelKind.ONNX,
  };

export const WIRE_SPEND_KIND: Readonly<Record<SpendModelKind, wire.SpendModelKind>> = {
  gamma_gamma: wire.SpendModelKind.GAMMA_GAMMA,
  mean: wire.SpendModelKind.MEAN,
};

export const WIRE_UNIT: Readonly<Record<TimeUnit, wire.TimeUnit>> = {
  day: wire.TimeUnit.DAY,
  week: wire.TimeUnit.WEEK,
  month: wire.TimeUnit.MONTH,
};

export const WIRE_LABEL: Readonly<Record<ModelLabel, wire.ModelLabel>> = {
  champion: wire.ModelLabel.CHAMPION,
  challenger: wire.ModelLabel.CHALLENGER,
};

export const WIRE_TIER: Readonly<Record<ValueTier, wire.ValueTier>> = {
  low: wire.ValueTier.LOW,
  medium: wire.ValueTier.MEDIUM,
  high: wire.ValueTier.HIGH,
  top: wire.ValueTier.TOP,
};

export const WIRE_FALLBACK: Readonly<Record<FallbackReason, wire.FallbackReason>> = {
  cold_start: wire.FallbackReason.COLD_START,
  population_spend: wire.FallbackReason.POPULATION_SPEND,
};

export const WIRE_DRIFT: Readonly<Record<DriftLevel, wire.DriftLevel>> = {
  unknown: wire.DriftLevel.UNSPECIFIED,
  stable: wire.DriftLevel.STABLE,
  watch: wire.DriftLevel.WATCH,
  alarm: wire.DriftLevel.ALARM,
};

export const WIRE_MOVE: Readonly<Record<LabelMoveKind, wire.LabelMoveKind>> = {
  first: wire.LabelMoveKind.FIRST,
  fit: wire.LabelMoveKind.FIT,
  promotion: wire.LabelMoveKind.PROMOTION,
  refit: wire.LabelMoveKind.REFIT,
  rollback: wire.LabelMoveKind.ROLLBACK,
};

export const WIRE_REFIT: Readonly<Record<RefitOutcome, wire.RefitOutcome>> = {
  running: wire.RefitOutcome.RUNNING,
  challenger: wire.RefitOutcome.CHALLENGER,
  promoted: wire.RefitOutcome.PROMOTED,
  refused: wire.RefitOutcome.REFUSED,
  failed: wire.RefitOutcome.FAILED,
  lost: wire.RefitOutcome.LOST,
};
