export * from './generated/kiki/syncvalue/v1/backtest.js';
export * from './generated/kiki/syncvalue/v1/explanation.js';
export * from './generated/kiki/syncvalue/v1/model.js';
export * from './generated/kiki/syncvalue/v1/prediction.js';
export * from './generated/kiki/syncvalue/v1/sync_value_service.js';
export * from './generated/kiki/syncvalue/v1/transaction.js';
export { chunked } from './chunked.js';
export * from './service.js';
export * from './syncvalue-client.js';
