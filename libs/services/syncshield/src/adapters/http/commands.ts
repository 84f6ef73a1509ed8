import { microsFromWire } from '@kiki/kernel';
import type { Principal } from '@kiki/auth';
import type { z } from 'zod';
import type { LedgerCommand } from '../../application/ledger.js';
import type { CapRequest } from '../../domain/caps.js';
import { actorOf } from './answers.js';
import type { CapBody } from './budgets.schema.js';
import type { HoldBody } from './holds.schema.js';
import type { SettlementBody } from './settlements.schema.js';

/** A hold as a command of the caller. */
export function holdCommand(principal: Principal, body: z.infer<typeof HoldBody>): LedgerCommand {
  const { amountMicros, purpose, reference, ...rest } = body;
  return {
    kind: 'hold',
    actor: actorOf(principal),
    request: {
      ...rest,
      tenant: principal.tenant,
      amountMicros: microsFromWire(amountMicros),
      ...(purpose === undefined ? {} : { purpose }),
      ...(reference === undefined ? {} : { reference }),
    },
  };
}

/** A settlement as a command of the caller. */
export function settleCommand(
  principal: Principal,
  body: z.infer<typeof SettlementBody>,
): LedgerCommand {
  const { amountMicros, ...rest } = body;
  return {
    kind: 'settle',
    actor: actorOf(principal),
    request: {
      ...rest,
      tenant: principal.tenant,
      ...(amountMicros === undefined ? {} : { amountMicros: microsFromWire(amountMicros) }),
    },
  };
}

/** Caps as a caller asks for them. */
export function capRequests(bodies: readonly z.infer<typeof CapBody>[]): CapRequest[] {
  return bodies.map(({ limitMicros, ...rest }) => ({
    ...rest,
    limitMicros: microsFromWire(limitMicros),
  }));
}
