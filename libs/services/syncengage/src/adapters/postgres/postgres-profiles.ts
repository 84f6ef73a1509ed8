import type { Database } from '@kiki/postgres';
import { Profiles, type Profile, type SubscriptionChange } from '../../application/profiles.js';
import type { Subscription } from '../../domain/suppression.js';
import { errors } from '../../errors.js';

interface ProfileRow extends Record<string, unknown> {
  customer_id: string;
  email: string | null;
  traits: Record<string, unknown>;
  subscription: Subscription;
  subscription_at: Date | null;
  first_seen_at: Date;
  last_seen_at: Date;
  segment: string | null;
  alive_probability: number | null;
  reason: string | null;
  model_version: string | null;
  evaluated_at: Date | null;
}

const FIND = `
  select p.customer_id, p.email, p.traits, p.subscription, p.subscription_at, p.first_seen_at, p.last_seen_at,
         m.segment, m.alive_probability, m.reason, m.model_version, m.evaluated_at
    from profiles p left join segment_members m using (tenant, customer_id)
   where p.tenant = $1 and p.customer_id = $2`;

/** An objection is the mailbox's: it holds for every customer with the address. Consent is the customer's own. */
const CHANGE_SUBSCRIPTION = `
  with touched as (
    select p.customer_id from profiles p
     where p.tenant = $1 and p.subscription <> $3
       and (p.customer_id = $2
            or ($3 = 'unsubscribed' and p.email = (select email from profiles where tenant = $1 and customer_id = $2)))
     order by p.customer_id for update
  ), changed as (
    update profiles p set subscription = $3, subscription_at = $6
      from touched t where p.tenant = $1 and p.customer_id = t.customer_id
    returning p.customer_id
  )
  insert into consent_changes (tenant, customer_id, channel, status, source, proof, at)
  select $1, customer_id, 'email', $3, $4, $5, $6 from changed`;

/** Profiles in the service's own schema. */
export class PostgresProfiles extends Profiles {
  constructor(private readonly database: Database) {
    super();
  }

  override async find(tenant: string, customerId: string): Promise<Profile | undefined> {
    const [row] = await this.database.query<ProfileRow>(FIND, [tenant, customerId]);
    return row && toProfile(row);
  }

  override changeSubscription(change: SubscriptionChange): Promise<boolean> {
    const { tenant, customerId, status, source, proof, at } = change;
    return this.database.transaction(async (tx) => {
      const [row] = await tx.query<{ subscription: Subscription }>(
        'select subscription from profiles where tenant = $1 and customer_id = $2 for update',
        [tenant, customerId],
      );
      if (row === undefined) throw errors.profile_not_found();
      if (row.subscription === status) return false;
      await tx.execute(CHANGE_SUBSCRIPTION, [
        ...[tenant, customerId, status, source, proof ?? null, at],
      ]);
      return true;
    });
  }

  override async idsAfter(tenant: string, afterId: string, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ customer_id: string }>(
      `select customer_id from profiles where tenant = $1 and customer_id > $2
        order by customer_id limit $3`,
      [tenant, afterId, limit],
    );
    return rows.map((row) => row.customer_id);
  }
}

function toProfile(row: ProfileRow): Profile {
  return {
    customerId: row.customer_id,
    traits: row.traits,
    subscription: row.subscription,
    firstSeenAt: row.first_seen_at,
    lastSeenAt: row.last_seen_at,
    ...(row.email === null ? {} : { email: row.email }),
    ...(row.subscription_at === null ? {} : { subscriptionAt: row.subscription_at }),
    ...(row.segment === null || row.evaluated_at === null
      ? {}
      : { segment: toMembership(row, row.segment, row.evaluated_at) }),
  };
}

function toMembership(row: ProfileRow, name: string, evaluatedAt: Date) {
  return {
    name,
    evaluatedAt,
    ...(row.alive_probability === null ? {} : { aliveProbability: row.alive_probability }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.model_version === null ? {} : { modelVersion: row.model_version }),
  };
}
