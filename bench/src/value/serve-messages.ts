import {
  PredictBatchRequest,
  PredictRequest,
  PredictStreamRequest,
  type CustomerQuery,
  type PredictionOptions,
  type Transaction,
} from '@kiki/contract-syncvalue';
import { SeededRandom, type Random } from '@kiki/kernel';

/** The first day of the simulated log, days since 1970-01-01. */
const FIRST_DAY = 19_723;
/** Days of the simulated log: customers arrive in its first half. */
const LOG_DAYS = 540;
const DAY_MS = 86_400_000;
/** Multiples of it never meet modulo 1. */
const GOLDEN = 0.618_033_988_749_895;

/** A simulated customer: the days of their purchases and what each brought. */
export interface SimulatedCustomer {
  readonly id: string;
  readonly days: readonly number[];
  readonly micros: readonly number[];
}

/**
 * Customers of a BG/NBD world: exponential purchase rates (mean one in 30 days), a chance of dropping out
 * after each purchase of mean 0.2, spends around a mean of their own.
 */
export function simulate(count: number, seed: number): SimulatedCustomer[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, (_, i) => simulateOne(`customer-${i}`, random));
}

function simulateOne(id: string, random: Random): SimulatedCustomer {
  const rate = exponential(random) / 30;
  const leaving = random.nextDouble() ** 4;
  const spend = 5e6 + 40e6 * exponential(random);
  const days: number[] = [];
  const micros: number[] = [];
  for (let day = FIRST_DAY + random.nextDouble() * (LOG_DAYS / 2); day < FIRST_DAY + LOG_DAYS;) {
    days.push(Math.floor(day));
    micros.push(Math.round(spend * (0.5 + random.nextDouble())));
    if (random.nextDouble() < leaving) break;
    day += exponential(random) / rate;
  }
  return { id, days, micros };
}

function exponential(random: Random): number {
  return -Math.log1p(-random.nextDouble());
}

/** The log of the customers, row by row. */
export function* transactionsOf(customers: readonly SimulatedCustomer[]): Generator<Transaction> {
  for (const { id, days, micros } of customers) {
    for (const [i, day] of days.entries()) {
      yield {
        transactionId: `${id}-${i}`,
        customerId: id,
        occurredAt: new Date(day * DAY_MS + DAY_MS / 2),
        amountMicros: BigInt(micros[i] ?? 0),
        currency: 'USD',
        kind: 0,
        acquisition: undefined,
      };
    }
  }
}

/** Asks for a customer by what the caller knows of them, times in whole days. */
export function queryByStatistics({ days, micros }: SimulatedCustomer): CustomerQuery {
  const distinct = [...new Set(days)];
  const [first = FIRST_DAY, last = FIRST_DAY] = [distinct[0], distinct.at(-1)];
  const repeats = micros.slice(1);
  const mean = repeats.reduce((sum, value) => sum + value, 0) / Math.max(1, repeats.length);
  return {
    subject: {
      $case: 'statistics',
      value: {
        repeatPurchases: distinct.length - 1,
        recencyDays: last - first,
        ageDays: FIRST_DAY + LOG_DAYS - first,
        meanRepeatSpendMicros: repeats.length === 0 ? undefined : BigInt(Math.round(mean)),
      },
    },
    acquisition: undefined,
  };
}

/** The same with ages that no two customers share: nothing can be computed once for several of them. */
export function withOwnAge(query: CustomerQuery, i: number): CustomerQuery {
  if (query.subject?.$case !== 'statistics') return query;
  const known = query.subject.value;
  const value = { ...known, ageDays: known.ageDays + ((i * GOLDEN) % 1) };
  return { subject: { $case: 'statistics', value }, acquisition: undefined };
}

/** A length-prefixed gRPC message. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(message.length + 5);
  framed.writeUInt8(0, 0);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, 5);
  return framed;
}

/** Unary requests, ready to be sent. */
export function predictFrames(queries: readonly CustomerQuery[]): Buffer[] {
  return queries.map((customer) =>
    frame(PredictRequest.encode({ customer, options: undefined }).finish()),
  );
}

/** One batch, ready to be sent. */
export function batchFrame(
  customers: readonly CustomerQuery[],
  options?: PredictionOptions,
): Buffer {
  const request = { customers: [...customers], options };
  return frame(PredictBatchRequest.encode(request).finish());
}

/** A stream's messages of `size` customers each, ready to be sent. */
export function streamFrames(queries: readonly CustomerQuery[], size: number): Buffer[] {
  const frames: Buffer[] = [];
  for (let from = 0; from < queries.length; from += size) {
    const customers = queries.slice(from, from + size);
    frames.push(frame(PredictStreamRequest.encode({ customers, options: undefined }).finish()));
  }
  return frames;
}
