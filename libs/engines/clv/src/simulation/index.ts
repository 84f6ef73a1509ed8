export type { Latents } from './customer-draws.js';
export { drawFuturePurchases, PosteriorCustomer, type CustomerDraw } from './posterior-customer.js';
export { simulatePurchases, type PurchaseLaw, type SimulatedCohort } from './simulate-purchases.js';
