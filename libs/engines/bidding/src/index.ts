export * from './conversion.js';
export { errors as biddingErrors } from './errors.js';
export * from './price.js';
