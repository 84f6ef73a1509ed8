export * from './answers.js';
export * from './cursors.js';
export * from './edge-error.js';
export { errors as httpErrors } from './errors.js';
export * from './http-application.js';
export * from './problem.js';
export * from './problem.filter.js';
export * from './schema.pipe.js';
export * from './wire.js';
