import { HoldCoalescer, SyncShieldClient, type HoldRequest } from '@kiki/contract-syncshield';
import { DomainError, SeededRandom } from '@kiki/kernel';
import { quantile } from '../harness/statistics.js';

/** What callers are asked to do for a while. */
export interface HoldsOrder {
  readonly url: string;
  readonly key: string;
  readonly tenant: string;
  readonly callers: number;
  readonly seconds: number;
  /** Budgets in order of popularity: Zipf with exponent 1; one is hit by all. */
  readonly budgetIds: readonly string[];
  /** Apart from every other run. */
  readonly run: string;
  /** Requests of the coalescer that may be on their way at once. */
  readonly maxInFlight: number;
}

/** What came of it. */
export interface HoldsReport {
  readonly holdsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly approved: number;
  readonly denied: number;
  readonly failures: readonly string[];
}

/** Callers that hold one thing after the other, brought together by the contract's own coalescer. */
export async function callHolds(order: HoldsOrder): Promise<HoldsReport> {
  const client = new SyncShieldClient({
    baseUrl: order.url,
    headers: (tenant) => ({ authorization: `Bearer ${order.key}`, 'kiki-tenant': tenant }),
  });
  const { tenant, maxInFlight } = order;
  const coalescer = new HoldCoalescer(client, { tenant, maxInFlight });
  const budgetOf = zipf(order.budgetIds, new SeededRandom(order.run.length + order.callers));
  const latencies: number[] = [];
  const failures: string[] = [];
  let [approved, denied, next] = [0, 0, 0];
  const beganMs = performance.now();
  const untilMs = beganMs + order.seconds * 1_000;
  const caller = async (): Promise<void> => {
    for (let startedMs = performance.now(); startedMs < untilMs; startedMs = performance.now()) {
      const request = holdOf(`${order.run}-${next++}`, budgetOf());
      try {
        const { decision } = await coalescer.hold(request);
        if (decision === 'approved') approved++;
        else denied++;
        latencies.push(performance.now() - startedMs);
      } catch (error) {
        failures.push(DomainError.is(error) ? error.code : String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: order.callers }, caller));
  const seconds = (performance.now() - beganMs) / 1_000;
  return {
    holdsPerSecond: (approved + denied) / seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    ...{ approved, denied, failures },
  };
}

function holdOf(id: string, budgetId: string): HoldRequest {
  return { id, budgetId, amountMicros: 1_250_000n, currency: 'EUR' };
}

/** Draws from a list so that the k-th comes up 1/k as often as the first. */
export function zipf(ids: readonly string[], random: SeededRandom): () => string {
  let sum = 0;
  const upTo = ids.map((_, i) => (sum += 1 / (i + 1)));
  return () => {
    const at = (random.nextUint32() / 2 ** 32) * sum;
    let [low, high] = [0, ids.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((upTo[middle] ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return ids[low] ?? '';
  };
}
