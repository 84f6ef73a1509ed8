import { betaGeometricKind } from './beta-geometric-kind.js';
import type { PurchaseKind } from './purchase-kind.js';

/**
 * MBG/NBD (Batislam, Denizel, Filiztekin 2007, Empirical validation and comparison of models for customer base
 * analysis, IJRM 24:3). As BG/NBD, but a customer may also drop out right after the first purchase, so that a one-time
 * buyer need not be alive.
 */
export const mbgNbd: PurchaseKind = betaGeometricKind('mbg_nbd', 1, [
  [0.5, 0.2, 0.9, 1.6],
  [1, 1, 1, 1],
  [1, 0.5, 0.1, 3],
  [0.1, 0.05, 2, 10],
  [2, 0.4, 2, 0.2],
]);
