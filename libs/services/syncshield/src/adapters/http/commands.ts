import { microsFromWire } from '@kiki/kernel';
import type { Principal } from '@kiki/auth';
import type { z } from 'zod';
import type { LedgerCommand } from '../../application/ledger.js';
import type { CapRequest } from '../../domain/caps.js';
import type { Elastic } from '../../domain/hold.js';
import { actorOf } from './answers.js';
import type { CapBody } from './budgets.schema.js';
import { holdContext } from './hold-context.schema.js';
import type { HoldBody } from './holds.schema.js';
import type { SettlementBody } from './settlements.schema.js';

/** A hold as a command of the caller. @param subject pseudonym of the customer that its context names */
export function holdCommand(
  principal: Principal,
  body: z.infer<typeof HoldBody>,
  subject?: string,
): LedgerCommand {
  const { amountMicros, purpose, reference, context, elastic, ...rest } = body;
  return {
    kind: 'hold',
    actor: actorOf(principal),
    request: {
      ...rest,
      tenant: principal.tenant,
      amountMicros: microsFromWire(amountMicros),
      ...(purpose === undefined ? {} : { purpose }),
      ...(reference === undefined ? {} : { reference }),
      ...(context === undefined ? {} : { context: holdContext(context, subject) }),
      ...(elastic === undefined ? {} : { elastic: elasticOf(elastic) }),
    },
  };
}

type ElasticBody = NonNullable<z.infer<typeof HoldBody>['elastic']>;

function elasticOf({ atLeastMicros, headroomDivisor }: ElasticBody): Elastic {
  return { atLeastMicros: microsFromWire(atLeastMicros), headroomDivisor };
}

/** A settlement as a command of the caller. */
export function settleCommand(
  principal: Principal,
  body: z.infer<typeof SettlementBody>,
): LedgerCommand {
  const { amountMicros, isFinal, ...rest } = body;
  return {
    kind: 'settle',
    actor: actorOf(principal),
    request: {
      ...rest,
      tenant: principal.tenant,
      ...(amountMicros === undefined ? {} : { amountMicros: microsFromWire(amountMicros) }),
      ...(isFinal === undefined ? {} : { isFinal }),
    },
  };
}

/** Caps as a caller asks for them. */
export function capRequests(bodies: readonly z.infer<typeof CapBody>[]): CapRequest[] {
  const big = (value: number | undefined): bigint | undefined =>
    value === undefined ? undefined : microsFromWire(value);
  return bodies.map(({ limitMicros, limitActions, burst, ...rest }) => ({
    ...rest,
    limitMicros: big(limitMicros),
    limitActions: big(limitActions),
    burst: big(burst),
  }));
}
