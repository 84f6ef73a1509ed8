import {
  customerById,
  FallbackReason,
  type PredictionResult,
  type SyncValueClient,
} from '@kiki/contract-syncvalue';
import { AlivePredictions, type AliveAnswer } from '../../application/segments.js';

/** P(alive) from SyncValue. A customer it knows no order of is not sorted, and says why. */
export class GrpcAlivePredictions extends AlivePredictions {
  constructor(
    private readonly client: SyncValueClient,
    private readonly timeoutMs: number,
  ) {
    super();
  }

  override async predict(tenant: string, customerIds: readonly string[]): Promise<AliveAnswer[]> {
    const { results, model } = await this.client.predictBatch(
      customerIds.map(customerById),
      undefined,
      { tenant, deadlineMs: this.timeoutMs },
    );
    const modelVersion = model?.modelVersion ?? '';
    return customerIds.map((_id, i) => answerOf(results[i], modelVersion));
  }
}

function answerOf(result: PredictionResult | undefined, modelVersion: string): AliveAnswer {
  const outcome = result?.outcome;
  if (outcome?.$case === 'error') return { reason: outcome.value.code };
  if (outcome?.$case !== 'prediction') return { reason: 'no_answer' };
  const { aliveProbability, fallbackReason } = outcome.value;
  if (fallbackReason === FallbackReason.COLD_START) return { reason: 'no_orders' };
  // A brought model does not tell it.
  if (aliveProbability === undefined) return { reason: 'no_probability' };
  if (!(aliveProbability >= 0 && aliveProbability <= 1)) return { reason: 'no_probability' };
  return { aliveProbability, modelVersion };
}
