export * from './execute-subject-request.js';
export * from './mentions.js';
export { receiptsMigrationsDir, receiptsSchema } from './receipts.js';
export { Reclaimer, type ReclaimReport } from './reclaimer.js';
export * from './rows-of.js';
export * from './subject-data.controller.js';
export * from './subject-data.js';
export * from './subject-data.providers.js';
export * from './subject-data.schema.js';
