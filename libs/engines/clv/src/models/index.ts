import { bgNbd } from './bg-nbd.js';
import { ggompertzNbd } from './ggompertz-nbd.js';
import { mbgNbd } from './mbg-nbd.js';
import { nbd } from './nbd.js';
import { paretoNbd } from './pareto-nbd.js';
import type { PurchaseKind, PurchaseModelKind } from './purchase-kind.js';

const KINDS: Readonly<Record<PurchaseModelKind, PurchaseKind>> = {
  bg_nbd: bgNbd,
  mbg_nbd: mbgNbd,
  pareto_nbd: paretoNbd,
  ggompertz_nbd: ggompertzNbd,
  nbd,
};

/** The mathematics of a kind of model. */
export function purchaseKind(kind: PurchaseModelKind): PurchaseKind {
  const found = (KINDS as Partial<typeof KINDS>)[kind];
  if (found === undefined) throw new RangeError(`unknown purchase model ${kind}`);
  return found;
}

/** The models in which customers leave, as `auto` tries them. */
export const DROPOUT_KINDS = ['bg_nbd', 'mbg_nbd', 'pareto_nbd'] as const;
