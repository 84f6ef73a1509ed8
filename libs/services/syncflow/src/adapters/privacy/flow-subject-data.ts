import { randomUUID } from 'node:crypto';
import type { Queryable } from '@kiki/postgres';
import {
  identifiersOf,
  rowsOf,
  SubjectData,
  type Subject,
  type SubjectCounts,
  type SubjectParts,
} from '@kiki/subject-data';
import type { BidJobs } from '../../application/bid-jobs.js';
import type { CustomerValues } from '../../application/customer-values.js';
import { FLOW_STORES } from './flow-data-map.js';

/**
 * What SyncFlow knows of a person: for whom it bid. Decisions stay, because money was held for them; whom they were
 * about is replaced by a random name that nobody can lead back.
 */
export class FlowSubjectData extends SubjectData {
  override readonly stores = FLOW_STORES;

  constructor(
    private readonly jobs: BidJobs,
    private readonly values: CustomerValues,
  ) {
    super();
  }

  override async access(tx: Queryable, subject: Subject): Promise<SubjectParts> {
    const outcomes = await tx.query<{ line: unknown }>(
      `select row_to_json(o) as line from outcomes o join decisions d
          using (tenant, campaign_id, opportunity_id)
        where d.tenant = $1 and d.customer_id = any($2::text[])`,
      [subject.tenant, subject.customerIds],
    );
    return {
      'syncflow.decisions': await rowsOf(tx, 'decisions', subject),
      'syncflow.outcomes': outcomes.map(({ line }) => line),
    };
  }

  override async erase(tx: Queryable, { tenant, customerIds }: Subject): Promise<SubjectCounts> {
    let decisions = 0;
    for (const customerId of customerIds) {
      decisions += await tx.execute(
        'update decisions set customer_id = $3 where tenant = $1 and customer_id = $2',
        [tenant, customerId, `erased_${randomUUID()}`],
      );
    }
    return { 'syncflow.decisions': decisions };
  }

  /** Jobs that wait bid for a stranger instead; after an objection consent is refused anyway. */
  override async prepare(subject: Subject): Promise<SubjectCounts> {
    const identifiers = new Set(identifiersOf(subject));
    return { 'queue:bids': await this.jobs.forget(subject.tenant, identifiers) };
  }

  override forget({ tenant, customerIds }: Subject): Promise<void> {
    this.values.forget(tenant, customerIds);
    return Promise.resolve();
  }
}
