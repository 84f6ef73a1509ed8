export * from './provide.js';
export * from './service-definition.js';
