export * from './health.module.js';
export * from './readiness.js';
export * from './service-info.js';
export * from './service-readiness.js';
