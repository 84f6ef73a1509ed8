import { createReadStream } from 'node:fs';
import { PurchaseHistory } from '@kiki/clv';
import { dayNumber } from '@kiki/kernel';
import { OrderLogReader, type OrderLogOptions } from '@kiki/orderlog';
import { dataFile } from '@kiki/testing';

/** A raw file of real orders, read as every KIKI reads them. */
export interface RawLog {
  readonly history: PurchaseHistory;
  readonly rows: number;
  readonly refunds: number;
}

/** Path of one of the data sets, which lie beside the checkout. @throws Error that says what is missing */
export function ltvFile(name: string): string {
  const path = dataFile(`ltv/${name}`);
  if (path !== undefined) return path;
  throw new Error(
    `../shared/data/ltv/${name} is not there: the benchmark reads the raw files beside the checkout`,
  );
}

/** Reads an order log; `ignoresZero` leaves rows with an amount of exactly 0 out. */
export async function readRawLog(
  name: string,
  options: OrderLogOptions = {},
  ignoresZero = false,
): Promise<RawLog> {
  const reader = new OrderLogReader({ ...options, derivesIds: false });
  const history = new PurchaseHistory();
  for await (const row of reader.read(createReadStream(ltvFile(name)))) {
    if (ignoresZero && row.amountMicros === 0n) continue;
    history.addDay(row.customerId, dayNumber(row.atMs), Number(row.amountMicros ?? 0n));
  }
  const { rows, refunds } = reader.report();
  return { history, rows, refunds };
}

/** `YYYY-MM-DD` as days since 1970-01-01. */
export function dayOf(text: string): number {
  return dayNumber(Date.parse(`${text}T00:00:00Z`));
}
