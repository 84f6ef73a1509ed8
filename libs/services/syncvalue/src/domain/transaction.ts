import type { AcquisitionAttributes } from '@kiki/clv';
import { MAX_ID_LENGTH } from '@kiki/kernel';
import { DerivedIds, orderLogErrors } from '@kiki/orderlog';
import { errors } from '../errors.js';
import { areUsableAttributes, ATTRIBUTES_EXPECTED, givenAttributes } from './acquisition.js';

/** A row as it was sent. */
export interface IncomingRow {
  /** Empty: derived. */
  readonly transactionId: string;
  readonly customerId: string;
  /** Milliseconds since the epoch; NaN or undefined when missing or out of range. */
  readonly occurredAtMs: number | undefined;
  readonly amountMicros: bigint;
  /** Empty: the tenant's. */
  readonly currency: string;
  readonly kind: 'unspecified' | 'purchase' | 'refund';
  /** How the customer came. */
  readonly acquisition?: AcquisitionAttributes | undefined;
}

/** A row that may be stored. */
export interface Transaction {
  /** Zero-based position in its stream. */
  readonly rowIndex: number;
  readonly transactionId: string;
  readonly customerId: string;
  readonly occurredAtMs: number;
  /** ≥ 0 for a purchase, ≤ 0 for a refund. */
  readonly amountMicros: bigint;
  readonly isRefund: boolean;
  /** Empty: the tenant's. */
  readonly currency: string;
  /** How the customer came; undefined where nothing is said of it. */
  readonly acquisition?: AcquisitionAttributes | undefined;
}

/** Why a row was not taken. */
export interface RowProblem {
  readonly rowIndex: number;
  readonly transactionId: string;
  readonly customerId: string;
  readonly code: string;
  readonly message: string;
  readonly field: string;
}

/** What a stream declares. */
export interface RowPolicy {
  readonly areNegativesRefunds: boolean;
  /** Later transactions are refused, milliseconds since the epoch. */
  readonly latestMs: number;
}

const EARLIEST_MS = Date.UTC(1900, 0, 1);
const MAX_MICROS = BigInt(Number.MAX_SAFE_INTEGER);
const UNUSABLE = /[\u0000-\u001f\u007f\ufffd]/;

/** True for 1 to 128 characters without control characters. */
export function isUsableId(id: string): boolean {
  return id !== '' && id.length <= MAX_ID_LENGTH && !UNUSABLE.test(id);
}

/** Checks the rows of one stream and gives ids to those that have none, so that a repeated stream counts once. */
export class RowReader {
  constructor(
    private readonly policy: RowPolicy,
    private readonly ids = new DerivedIds(),
  ) {}

  /** The row as it may be stored, or what is wrong with it. */
  read(row: IncomingRow, rowIndex: number): Transaction | RowProblem {
    const { customerId, currency, amountMicros: sent } = row;
    const refuse = (error: Error & { code: string }, field: string): RowProblem =>
      problemOf({ ...row, rowIndex }, error, field);
    if (!isUsableId(customerId)) return refuse(orderLogErrors.customer_id_invalid(), 'customer_id');
    if (row.transactionId !== '' && !isUsableId(row.transactionId)) {
      return refuse(orderLogErrors.transaction_id_invalid(), 'transaction_id');
    }
    const occurredAtMs = row.occurredAtMs ?? NaN;
    if (!(occurredAtMs >= EARLIEST_MS)) {
      return refuse(
        orderLogErrors.date_invalid('occurred_at is missing or lies before 1900.'),
        'occurred_at',
      );
    }
    if (occurredAtMs > this.policy.latestMs) return refuse(errors.date_in_future(), 'occurred_at');
    if (sent > MAX_MICROS || sent < -MAX_MICROS) {
      return refuse(
        orderLogErrors.amount_invalid('|amount_micros| is beyond 2^53 − 1.'),
        'amount_micros',
      );
    }
    if (currency !== '' && !/^[A-Z]{3}$/.test(currency)) {
      return refuse(orderLogErrors.order_currency_invalid(), 'currency');
    }
    const acquisition = givenAttributes(row.acquisition);
    if (acquisition !== undefined && !areUsableAttributes(acquisition)) {
      return refuse(errors.acquisition_invalid(`Expected ${ATTRIBUTES_EXPECTED}.`), 'acquisition');
    }
    const isRefund = row.kind === 'refund' || (row.kind === 'unspecified' && sent < 0n);
    if (sent < 0n && row.kind !== 'refund' && !(isRefund && this.policy.areNegativesRefunds)) {
      return refuse(orderLogErrors.amount_negative(), 'amount_micros');
    }
    const amountMicros = isRefund && sent > 0n ? -sent : sent;
    const checked = {
      ...{ rowIndex, customerId, occurredAtMs, amountMicros, isRefund, currency },
      ...(acquisition !== undefined && { acquisition }),
    };
    const transactionId =
      row.transactionId || this.ids.next(customerId, occurredAtMs, amountMicros);
    if (transactionId !== undefined) return { ...checked, transactionId };
    return refuse(orderLogErrors.transaction_id_missing(), 'transaction_id');
  }
}

/** True for what {@link RowReader.read} refused. */
export function isRowProblem(read: Transaction | RowProblem): read is RowProblem {
  return 'code' in read;
}

/** A refusal of one row. */
export function problemOf(
  row: Pick<RowProblem, 'rowIndex' | 'transactionId' | 'customerId'>,
  error: Error & { readonly code: string },
  field: string,
): RowProblem {
  const { rowIndex, transactionId, customerId } = row;
  // What was sent may be far too long to be sent back.
  const cut = (text: string): string => text.slice(0, MAX_ID_LENGTH);
  return {
    rowIndex,
    transactionId: cut(transactionId),
    customerId: cut(customerId),
    code: error.code,
    message: error.message,
    field,
  };
}
