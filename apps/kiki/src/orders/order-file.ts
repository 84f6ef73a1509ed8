import { stat } from 'node:fs/promises';
import {
  OrderLogReader,
  type OrderLogOptions,
  type OrderLogReport,
  type OrderRow,
} from '@kiki/orderlog';
import { errors } from '../errors.js';
import { fileChunks, reasonOf } from './file-chunks.js';

/** What the rows of a file have in common. */
export interface OrderFileSummary {
  readonly report: OrderLogReport;
  readonly customerIds: readonly string[];
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly hasAmounts: boolean;
}

/** Size in bytes. @throws order_file_unreadable */
export async function orderFileBytes(path: string): Promise<number> {
  const found = await stat(path).catch((cause: unknown) => {
    throw errors.order_file_unreadable(`${path}: ${reasonOf(cause)}.`, {}, { cause });
  });
  if (!found.isFile()) throw errors.order_file_unreadable(`${path} is not a file.`);
  return found.size;
}

/**
 * Streams the rows of a file, plain or gzip; `onBytes` hears how far it has come. The last value is the reader's
 * report.
 * @throws order_file_unreadable, and what the reader throws
 */
export async function* readOrderFile(
  path: string,
  options: OrderLogOptions,
  onBytes: (bytes: number) => void = () => undefined,
): AsyncGenerator<OrderRow, OrderLogReport> {
  const reader = new OrderLogReader(options);
  return yield* reader.read(fileChunks(path, onBytes));
}

/** Reads a file once and says what is in it, so that mistakes are told before anything is stored. */
export async function summariseOrderFile(
  path: string,
  options: OrderLogOptions,
): Promise<OrderFileSummary> {
  const customers = new Set<string>();
  let [firstAtMs, lastAtMs, hasAmounts] = [Infinity, -Infinity, false];
  const rows = readOrderFile(path, options);
  for (;;) {
    const { done, value } = await rows.next();
    if (done) {
      return { report: value, customerIds: [...customers].sort(), firstAtMs, lastAtMs, hasAmounts };
    }
    customers.add(value.customerId);
    firstAtMs = Math.min(firstAtMs, value.atMs);
    lastAtMs = Math.max(lastAtMs, value.atMs);
    hasAmounts ||= value.amountMicros !== null;
  }
}
