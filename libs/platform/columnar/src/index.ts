export { columnarMissing, withEngine } from './duckdb.js';
export type { DuckChunk, DuckConnection, EngineOptions } from './duckdb.js';
export { errors as columnarErrors } from './errors.js';
export { columnAt } from './order-source.js';
export type { CsvDialect, OrderColumns, OrderSource } from './order-source.js';
export { columnNames } from './log-columns.js';
export { summarizeOrders } from './summarize-orders.js';
export type { CustomerSummary, OrdersSummary, SummaryOptions } from './summarize-orders.js';
