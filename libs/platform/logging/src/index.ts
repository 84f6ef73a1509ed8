export * from './logger.js';
export * from './pino-logger.js';
export * from './redact.js';
export * from './request-context.js';
