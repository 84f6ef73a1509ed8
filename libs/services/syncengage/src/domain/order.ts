import { createHash } from 'node:crypto';
import { microsFromDecimal, roundHalfEven } from '@kiki/kernel';

/** Names of the events that are orders, as Segment's e-commerce events call them. */
export const ORDER_COMPLETED = 'Order Completed';
export const ORDER_REFUNDED = 'Order Refunded';

/** An order as SyncValue counts it; the customer and the time come from the event. */
export interface OrderTransaction {
  /** Unique within the tenant and the same however often the order is told. */
  readonly transactionId: string;
  readonly kind: 'purchase' | 'refund';
  readonly amountMicros: bigint;
  readonly currency: string;
}

/** Why an order cannot be counted. */
export interface OrderProblem {
  readonly field: string;
  readonly expected: string;
}

/** What an order is read from. */
export interface OrderSource {
  readonly name: string | undefined;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly messageId: string;
  readonly defaultCurrency: string;
}

const MAX_ID_LENGTH = 128;
const AMOUNTS = ['revenue', 'total', 'value'] as const;

/**
 * Reads an order; undefined when the event is none. A purchase's transaction id is the shop's own
 * order id, so that an order log with those ids and the event stream meet in one row; a refund adds
 * its own id, because an order may be refunded in parts.
 */
export function orderOf(source: OrderSource): OrderTransaction | OrderProblem | undefined {
  const { name, properties } = source;
  if (name !== ORDER_COMPLETED && name !== ORDER_REFUNDED) return undefined;
  const kind = name === ORDER_COMPLETED ? 'purchase' : 'refund';
  const orderId = textOf(properties['order_id'] ?? properties['orderId']);
  if (orderId === undefined) return { field: 'order_id', expected: 'the id of the order' };
  const field = AMOUNTS.find((member) => properties[member] != null);
  const amountMicros = field === undefined ? undefined : microsOf(properties[field]);
  if (amountMicros === undefined) {
    return { field: field ?? 'revenue', expected: 'a number of at least 0' };
  }
  const currency = textOf(properties['currency'])?.toUpperCase() ?? source.defaultCurrency;
  if (!/^[A-Z]{3}$/.test(currency)) return { field: 'currency', expected: 'ISO 4217 such as EUR' };
  const refundId = textOf(properties['refund_id']) ?? source.messageId;
  const transactionId = fitting(kind === 'purchase' ? orderId : `${orderId}:refund:${refundId}`);
  return { transactionId, kind, amountMicros, currency };
}

/** Tells an order from a problem. */
export function isOrder(read: OrderTransaction | OrderProblem): read is OrderTransaction {
  return 'transactionId' in read;
}

function textOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && text.trim() !== '' ? text.trim() : undefined;
}

function microsOf(value: unknown): bigint | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  try {
    const micros = exactMicros(value);
    return micros >= 0n && micros <= BigInt(Number.MAX_SAFE_INTEGER) ? micros : undefined;
  } catch {
    return undefined;
  }
}

/** 29.99 is exactly 29.99; only what no shop writes (0.1 + 0.2) is rounded, once. */
function exactMicros(value: number | string): bigint {
  const text = String(value);
  if (typeof value === 'string' || /^-?\d+(\.\d{1,6})?$/.test(text)) return microsFromDecimal(text);
  return roundHalfEven(value * 1_000_000);
}

function fitting(id: string): string {
  if (id.length <= MAX_ID_LENGTH && /^[^\s\p{Cc}]+$/u.test(id)) return id;
  return `sha256:${createHash('sha256').update(id).digest('hex')}`;
}
