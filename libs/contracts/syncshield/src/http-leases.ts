import { answerOf, createApi } from '@kiki/api-client';
import { microsToWire, type DomainError, type Result } from '@kiki/kernel';
import * as from from './from-wire.js';
import type { paths } from './generated/openapi.js';
import {
  LeaseTransport,
  type LeaseAsk,
  type LeaseDecision,
  type LeaseReceipt,
  type LeaseRefusal,
  type LeaseReport,
} from './lease-types.js';

/** How leases reach SyncShield. */
export interface HttpLeasesOptions {
  /** e.g. `peers.url('syncshield')`. */
  readonly baseUrl: string;
  /** Headers of a call: the key (`shield:write`) and the tenant. */
  readonly headers: () => Readonly<Record<string, string>>;
  /** Longest time of one call, milliseconds. @default 1000 */
  readonly timeoutMs?: number;
}

type DecisionWire = paths['/v1/leases']['post']['responses'][200]['content']['application/json'];

/** Leases over HTTP, on behalf of one tenant. */
export class HttpLeases extends LeaseTransport {
  private readonly api: ReturnType<typeof createApi<paths>>;

  constructor(private readonly options: HttpLeasesOptions) {
    super();
    const { baseUrl, timeoutMs = 1_000 } = options;
    this.api = createApi<paths>({ baseUrl, timeoutMs });
  }

  override async acquire(ask: LeaseAsk): Promise<LeaseDecision> {
    const { askMicros, atLeastMicros, ...rest } = ask;
    const body = {
      ...rest,
      askMicros: microsToWire(askMicros),
      atLeastMicros: microsToWire(atLeastMicros),
    };
    return decision(await answerOf(this.api.POST('/v1/leases', { body, ...this.headers() })));
  }

  override async report(
    reports: readonly LeaseReport[],
  ): Promise<readonly Result<LeaseReceipt, DomainError>[]> {
    const body = {
      reports: reports.map(({ spentMicros, ...rest }) => ({
        ...rest,
        spentMicros: microsToWire(spentMicros),
      })),
    };
    const call = this.api.POST('/v1/leases/reports', { body, ...this.headers() });
    const { results } = await answerOf(call);
    return results.map((result) =>
      from.item(result, result.receipt, ({ bookedMicros, leaseId, isOpen }) => {
        return { leaseId, isOpen, bookedMicros: BigInt(bookedMicros) };
      }),
    );
  }

  private headers(): { headers: Record<string, string> } {
    return { headers: { ...this.options.headers() } };
  }
}

function decision(answer: DecisionWire): LeaseDecision {
  const { id, ttlMs, epoch, reason } = answer;
  if (answer.decision === 'refused') {
    return { isGranted: false, reason: reason as LeaseRefusal, epoch };
  }
  const grantedMicros = BigInt(answer.grantedMicros);
  const unreportedMicros = BigInt(answer.unreportedMicros);
  return { isGranted: true, grant: { id, grantedMicros, unreportedMicros, ttlMs } };
}
