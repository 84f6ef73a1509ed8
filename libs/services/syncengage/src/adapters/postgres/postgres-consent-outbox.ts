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

  override async words(tenant: string, limit: number): Promise<ConsentWord[]> {
    const rows = await this.database.query<WordRow>(
      `select id, customer_id, status, source, proof, at from consent_changes
        where tenant = $1 and forwarded_at is null order by id limit $2`,
      [tenant, limit],
    );
    return rows.map(({ id, customer_id: customerId, proof, ...row }) => ({
      ...{ id: id.toString(), customerId, status: row.status, source: row.source, at: row.at },
      ...(proof === null ? {} : { proof }),
    }));
  }

  override async signals(tenant: string, limit: number): Promise<PrivacySignal[]> {
    const rows = await this.database.query<SignalRow>(
      `select customer_id, day, at from privacy_signals
        where tenant = $1 and forwarded_at is null order by at limit $2`,
      [tenant, limit],
    );
    return rows.map(({ customer_id: customerId, day, at }) => ({ customerId, day, at }));
  }

  override async finishWords(
    tenant: string,
    words: readonly ConsentWord[],
    outcomes: readonly ForwardOutcome[],
    at: Date,
  ): Promise<void> {
    await this.database.execute(
      `update consent_changes c set forwarded_at = $4, rejected_because = u.reason
         from unnest($2::bigint[], $3::text[]) as u (id, reason)
        where c.tenant = $1 and c.id = u.id and c.forwarded_at is null`,
      [tenant, words.map(({ id }) => BigInt(id)), outcomes.map((code) => code ?? null), at],
    );
  }

  override async finishSignals(
    tenant: string,
    signals: readonly PrivacySignal[],
    outcomes: readonly ForwardOutcome[],
    at: Date,
  ): Promise<void> {
    await this.database.execute(
      `update privacy_signals s set forwarded_at = $5, rejected_because = u.reason
         from unnest($2::text[], $3::date[], $4::text[]) as u (customer_id, day, reason)
        where s.tenant = $1 and s.customer_id = u.customer_id and s.day = u.day and s.forwarded_at is null`,
      [
        tenant,
        signals.map(({ customerId }) => customerId),
        signals.map(({ day }) => day),
        outcomes.map((code) => code ?? null),
        at,
      ],
    );
  }
}
