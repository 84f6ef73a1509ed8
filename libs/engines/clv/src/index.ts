export { errors as clvErrors } from './errors.js';
export { fitPurchases, type PurchaseFit, type PurchaseModel } from './purchase-fit.js';
export { PurchaseHistory, type Transaction, type WindowActuals } from './purchase-history.js';
export * from './statistics.js';
export * from './time-unit.js';
export { purchaseKind } from './models/index.js';
export type { Observed, PurchaseKind, PurchaseModelKind } from './models/purchase-kind.js';
