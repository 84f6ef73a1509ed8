import type { Database } from '@kiki/postgres';
import {
  ConsentOutbox,
  type ConsentWord,
  type ForwardOutcome,
  type PrivacySignal,
} from '../../application/consent-outbox.js';

interface WordRow extends Record<string, unknown> {
  id: bigint;
  customer_id: string;
  status: ConsentWord['status'];
  source: string;
  proof: string | null;
  at: Date;
}

interface SignalRow extends Record<string, unknown> {
  customer_id: string;
  day: string;
  at: Date;
}

const WORDS = `
  select id, customer_id, status, source, proof, at from consent_changes
   where tenant = $1 and forwarded_at is null order by id limit $2 for update`;
const FINISH_WORDS = `
  update consent_changes c set forwarded_at = clock_timestamp(), rejected_because = u.reason
    from unnest($2::bigint[], $3::text[]) as u (id, reason)
   where c.tenant = $1 and c.id = u.id and c.forwarded_at is null`;
const SIGNALS = `
  select customer_id, day, at from privacy_signals
   where tenant = $1 and forwarded_at is null order by at limit $2 for update`;
const FINISH_SIGNALS = `
  update privacy_signals s set forwarded_at = clock_timestamp(), rejected_because = u.reason
    from unnest($2::text[], $3::date[], $4::text[]) as u (customer_id, day, reason)
   where s.tenant = $1 and s.customer_id = u.customer_id and s.day = u.day and s.forwarded_at is null`;

/** Words and signals on their way to SyncShield, in the service's own schema. */
export class PostgresConsentOutbox extends ConsentOutbox {
  constructor(private readonly database: Database) {
    super();
  }

  override async tenants(): Promise<string[]> {
    const rows = await this.database.query<{ tenant: string }>(
      `select tenant from consent_changes where forwarded_at is null
       union select tenant from privacy_signals where forwarded_at is null order by tenant`,
    );
    return rows.map(({ tenant }) => tenant);
  }

  override forwardWords(
    tenant: string,
    limit: number,
    send: (words: readonly ConsentWord[]) => Promise<ForwardOutcome[]>,
  ): Promise<readonly ForwardOutcome[]> {
    return this.database.transaction(async (tx) => {
      const rows = await tx.query<WordRow>(WORDS, [tenant, limit]);
      if (rows.length === 0) return [];
      const outcomes = await send(rows.map(toWord));
      const reasons = outcomes.map((code) => code ?? null);
      await tx.execute(FINISH_WORDS, [tenant, rows.map(({ id }) => id), reasons]);
      return outcomes;
    });
  }

  override forwardSignals(
    tenant: string,
    limit: number,
    send: (signals: readonly PrivacySignal[]) => Promise<ForwardOutcome[]>,
  ): Promise<readonly ForwardOutcome[]> {
    return this.database.transaction(async (tx) => {
      const rows = await tx.query<SignalRow>(SIGNALS, [tenant, limit]);
      if (rows.length === 0) return [];
      const due = rows.map(({ customer_id: customerId, day, at }) => ({ customerId, day, at }));
      const outcomes = await send(due);
      await tx.execute(FINISH_SIGNALS, [
        tenant,
        due.map(({ customerId }) => customerId),
        due.map(({ day }) => day),
        outcomes.map((code) => code ?? null),
      ]);
      return outcomes;
    });
  }
}

function toWord({ id, customer_id: customerId, proof, ...row }: WordRow): ConsentWord {
  return {
    ...{ id: id.toString(), customerId, status: row.status, source: row.source, at: row.at },
    ...(proof === null ? {} : { proof }),
  };
}
