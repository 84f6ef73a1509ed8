import type { AcquisitionAttributes } from '@kiki/clv';
import { attributesAt } from '../domain/acquisition.js';
import type { CustomerQuery } from '../domain/customer-query.js';
import { OnnxPredictor } from '../domain/onnx-predictor.js';
import type { Predictor } from '../domain/predictor.js';
import type { Ledger } from './ledger.js';

/** How customers came, by id. */
export type Acquired = ReadonlyMap<string, AcquisitionAttributes>;

/** What one call predicts with. */
interface Viewed {
  readonly predictor: Predictor | OnnxPredictor;
  readonly asOfDay: number;
}

const NOBODY: Acquired = new Map();

/** How customers came, as known at the end of observation; not read where the model learned nothing of it. */
export async function acquiredOf(
  ledger: Ledger,
  tenant: string,
  ids: readonly string[],
  { predictor, asOfDay }: Viewed,
): Promise<Acquired> {
  const isLearned = !(predictor instanceof OnnxPredictor) && predictor.acquisition !== undefined;
  if (ids.length === 0 || !isLearned) return NOBODY;
  const found = new Map<string, AcquisitionAttributes>();
  for (const [id, known] of await ledger.attributes(tenant, ids)) {
    const then = attributesAt(known, asOfDay);
    if (then !== undefined) found.set(id, then);
  }
  return found;
}

/** How the customer of a question came: by the log, and where it is silent by the caller. */
export function attributesFor(
  query: CustomerQuery,
  acquired: Acquired,
): AcquisitionAttributes | undefined {
  const known =
    query !== undefined && 'customerId' in query ? acquired.get(query.customerId) : undefined;
  if (known === undefined) return query?.acquisition;
  return query?.acquisition === undefined ? known : { ...query.acquisition, ...known };
}
