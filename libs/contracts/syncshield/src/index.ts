export * from './money-types.js';
export * from './syncshield-client.js';
