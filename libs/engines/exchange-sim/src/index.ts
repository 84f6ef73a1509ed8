export { errors as exchangeSimErrors } from './errors.js';
export * from './simulated-exchange.js';
export * from './simulated-notice.js';
export * from './simulated-opportunities.js';
