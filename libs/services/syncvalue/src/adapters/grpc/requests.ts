import type * as wire from '@kiki/contract-syncvalue';
import { NegativeAmountPolicy } from '@kiki/contract-syncvalue';
import { kernelErrors } from '@kiki/kernel';
import type { IncomingChunk } from '../../application/ingest-transactions.js';
import { givenAttributes } from '../../domain/acquisition.js';
import type { CustomerQuery } from '../../domain/customer-query.js';
import type { ModelReference } from '../../domain/model.js';
import { NOTHING_ASKED, type AskedOptions } from '../../domain/prediction-options.js';
import { labelOf, rowKindOf } from './enums.js';

/** A query as the application reads it; uint32 and int64 fields are in range by the protocol. */
export function queryOf(query: wire.CustomerQuery | undefined): CustomerQuery {
  const subject = query?.subject;
  if (subject === undefined) return undefined;
  const asked =
    subject.$case === 'customerId' ? { customerId: subject.value } : { statistics: subject.value };
  const acquisition = givenAttributes(query?.acquisition?.attributes);
  return acquisition === undefined ? asked : { ...asked, acquisition };
}

/** Options as the application reads them. */
export function optionsOf(options: wire.PredictionOptions | undefined): AskedOptions {
  if (options === undefined) return NOTHING_ASKED;
  const { horizonDays, annualDiscountRate, margin, asOf, quantiles, model } = options;
  const reference = model && referenceOf(model);
  return { horizonDays, annualDiscountRate, margin, asOf, quantiles, model: reference };
}

/** Which model is meant; the champion when none is named. */
export function referenceOf(model: wire.PredictionOptions['model']): ModelReference {
  if (model?.$case === 'modelVersion') return { version: model.value };
  return { label: (model && labelOf(model.value)) ?? 'champion' };
}

/** An instant of a request. @throws invalid_request for one that no calendar has */
export function instantOf(instant: Date | undefined, field: string): Date | undefined {
  if (instant === undefined || !Number.isNaN(instant.getTime())) return instant;
  throw kernelErrors.invalid_request(`${field} is not an instant.`, {
    fields: [{ field, expected: 'a timestamp between the years 0001 and 9999' }],
  });
}

/** The messages of an ingest as the application reads them. */
export async function* chunksOf(
  messages: AsyncIterable<wire.IngestTransactionsRequest>,
): AsyncGenerator<IncomingChunk> {
  for await (const { options, transactions } of messages) {
    yield {
      options: options && {
        areNegativesRefunds: options.negativeAmountPolicy === NegativeAmountPolicy.REFUND,
        timeZone: options.timeZone,
        source: options.source,
      },
      rows: transactions.map((row) => ({
        transactionId: row.transactionId,
        customerId: row.customerId,
        occurredAtMs: row.occurredAt?.getTime(),
        amountMicros: row.amountMicros,
        currency: row.currency,
        kind: rowKindOf(row.kind),
        acquisition: row.acquisition?.attributes,
      })),
    };
  }
}
