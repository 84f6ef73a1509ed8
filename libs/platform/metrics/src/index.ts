export * from './durations.js';
export * from './metrics.js';
export * from './metrics.module.js';
export * from './red.js';
export * from './service-metrics.js';
