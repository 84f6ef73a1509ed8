import { bgNbd } from './bg-nbd.js';
import { nbd } from './nbd.js';
import { paretoNbd } from './pareto-nbd.js';
import type { PurchaseKind, PurchaseModelKind } from './purchase-kind.js';

const KINDS: Readonly<Partial<Record<PurchaseModelKind, PurchaseKind>>> = {
  bg_nbd: bgNbd,
  pareto_nbd: paretoNbd,
  nbd,
};

/** The mathematics of a kind of model. */
export function purchaseKind(kind: PurchaseModelKind): PurchaseKind {
  const found = KINDS[kind];
  if (found === undefined) throw new RangeError(`unknown purchase model ${kind}`);
  return found;
}
