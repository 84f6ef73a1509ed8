export type { paths } from './generated/openapi.js';
export * from './hold-coalescer.js';
export * from './money-types.js';
export * from './syncshield-client.js';
