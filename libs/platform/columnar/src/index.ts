export { columnarMissing, withEngine } from './duckdb.js';
export type { DuckChunk, DuckConnection, EngineOptions } from './duckdb.js';
export { errors as columnarErrors } from './errors.js';
export type { OrderColumns, OrderSource } from './order-source.js';
export { summarizeOrders } from './summarize-orders.js';
export type { CustomerSummary, OrdersSummary, SummaryOptions } from './summarize-orders.js';
