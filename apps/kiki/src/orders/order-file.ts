import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import {
  OrderLogReader,
  type OrderLogOptions,
  type OrderLogReport,
  type OrderRow,
} from '@kiki/orderlog';
import { errors } from '../errors.js';

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

function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  return code === 'EACCES' ? 'this user may not read it' : message;
}

/**
 * Streams the rows of a file; `onBytes` hears how far it has come. The last value is the reader's report.
 * @throws order_file_unreadable, and what the reader throws
 */
export async function* readOrderFile(
  path: string,
  options: OrderLogOptions,
  onBytes: (bytes: number) => void = () => undefined,
): AsyncGenerator<OrderRow, OrderLogReport> {
  const reader = new OrderLogReader(options);
  return yield* reader.read(chunksOf(path, onBytes));
}

async function* chunksOf(path: string, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
      bytes += (chunk as Buffer).length;
      onBytes(bytes);
      yield chunk as Buffer;
    }
  } catch (cause) {
    throw errors.order_file_unreadable(`${path}: ${reasonOf(cause)}.`, {}, { cause });
  }
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
