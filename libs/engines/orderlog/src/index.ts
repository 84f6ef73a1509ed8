/**
 * Reads order logs: `new OrderLogReader(options).read(chunks)` streams {@link OrderRow}s,
 * `readOrderLog(text)` reads a text in memory. CDNOW's two layouts are recognised, any CSV is read by a
 * column map, bad rows are told by line.
 */
export { errors as orderLogErrors } from './errors.js';
export { DerivedIds } from './derived-ids.js';
export { DATE_EXPECTED, instantOf } from './dates.js';
export { guessColumns, parseAttributes, parseColumns } from './column-names.js';
export { layoutIn, type Layout } from './layout.js';
export { OrderLogReader, readOrderLog } from './order-log-reader.js';
export type {
  ColumnMap,
  OrderLogLayout,
  OrderLogOptions,
  OrderLogReport,
  OrderRow,
  RowProblem,
  RowProblemCode,
} from './order-row.js';
export { derivedTransactionId, type RowIdentity } from './transaction-id.js';
