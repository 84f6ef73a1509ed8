import type { Principal } from '@kiki/auth';
import type { z } from 'zod';
import type { LedgerCommand } from '../../application/ledger.js';
import { SubjectKeys } from '../../application/subject-keys.js';
import { holdCommand } from './commands.js';
import type { HoldBody } from './holds.schema.js';

type Body = z.infer<typeof HoldBody>;

/** Holds as commands: customers become pseudonyms before anything else sees them. */
export class HoldCommands {
  constructor(private readonly subjects: SubjectKeys) {}

  /** In the order of the holds; only those that name a customer wait for the key store. */
  async of(principal: Principal, bodies: readonly Body[]): Promise<LedgerCommand[]> {
    const customerIds = bodies.flatMap(({ context }) => context?.customerId ?? []);
    if (customerIds.length === 0) return bodies.map((body) => holdCommand(principal, body));
    const subjects = await this.subjects.pseudonyms(principal.tenant, customerIds);
    return bodies.map((body) =>
      holdCommand(principal, body, subjects.get(body.context?.customerId ?? '')),
    );
  }
}
