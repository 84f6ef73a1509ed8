export type { paths } from './generated/openapi.js';
export * from './consent-api.js';
export * from './consent-client.js';
export * from './consent-types.js';
export * from './hold-coalescer.js';
export * from './money-types.js';
export * from './syncshield-client.js';
