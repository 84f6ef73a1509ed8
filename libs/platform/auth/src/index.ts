export * from './decorators.js';
export * from './ports.js';
export * from './principal.js';
