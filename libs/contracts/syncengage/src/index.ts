export * from './money-types.js';
export * from './syncengage-client.js';
