export * from './canonical-json.js';
export * from './clock.js';
export * from './domain-error.js';
export * from './error-catalogue.js';
export { errors as kernelErrors } from './errors.js';
export * from './ids.js';
export * from './money.js';
export * from './random.js';
export * from './result.js';
