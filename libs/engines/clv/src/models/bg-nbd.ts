import { betaGeometricKind } from './beta-geometric-kind.js';
import type { PurchaseKind } from './purchase-kind.js';

/**
 * BG/NBD (Fader, Hardie, Lee 2005, "Counting Your Customers" the Easy Way, Marketing Science 24:2). Poisson
 * purchases with gamma(r, alpha) rates; after each repeat purchase a customer drops out with a beta(a, b)
 * probability.
 */
export const bgNbd: PurchaseKind = betaGeometricKind('bg_nbd', 0, [
  [0.3, 0.2, 0.7, 2],
  [1, 1, 1, 1],
  [1, 0.5, 0.1, 3],
  [0.1, 0.05, 2, 10],
]);
