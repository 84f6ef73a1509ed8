import { SyncEngageClient } from '@kiki/contract-syncengage';
import { SyncFlowClient } from '@kiki/contract-syncflow';
import { ConsentApi, SyncShieldClient } from '@kiki/contract-syncshield';
import { SyncValueClient } from '@kiki/contract-syncvalue';
import { SeededRandom } from '@kiki/kernel';
import type { ConnectionOptions } from '@kiki/postgres';
import pg from 'pg';

export const TENANT = 'bench';
const RECORDS = 250;
const JOB = 50;
/** Opportunities on their way at a time. */
const JOBS_AHEAD = 3;

/** The services under test, as their clients see them. */
export class ConsentWorld {
  readonly consent: ConsentApi;
  readonly shieldUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  private readonly shield: SyncShieldClient;
  private readonly engage: SyncEngageClient;
  private readonly flow: SyncFlowClient;
  private readonly value: SyncValueClient;

  /** @param started the address that the child has sent */
  constructor(
    started: string,
    private readonly connection: ConnectionOptions,
  ) {
    const url = new URL(started);
    const headers = { authorization: `Bearer ${url.username}` };
    const of = (name: string): string => url.searchParams.get(name) ?? '';
    this.headers = headers;
    this.shieldUrl = url.origin;
    const options = (baseUrl: string) => ({ baseUrl, headers: () => headers, timeoutMs: 60_000 });
    this.consent = new ConsentApi(options(url.origin));
    this.shield = new SyncShieldClient(options(url.origin));
    this.engage = new SyncEngageClient(options(of('engage')));
    this.flow = new SyncFlowClient(options(of('flow')));
    this.value = new SyncValueClient({ target: of('value'), headers: () => headers });
  }

  close(): void {
    this.value.close();
  }

  /** Budget, model, campaign and journey. */
  async prepare(): Promise<void> {
    await this.shield.createBudget(TENANT, {
      ...{ id: 'all', name: 'all', currency: 'USD' },
      caps: [{ kind: 'total', limitMicros: 1_000_000_000_000n }],
    });
    await this.value.ingest(orders());
    await this.value.fitModel();
    await this.flow.saveCampaign(TENANT, {
      ...{ id: 'ads', name: 'ads', budgetId: 'all', currency: 'USD', channel: 'social' },
      ...{ valueShare: 0.5, maxBidMicros: 100_000_000n },
    });
    await this.engage.saveJourney(TENANT, {
      ...{ id: 'mails', name: 'mails', segment: 'at_risk', offer: '5 %', budgetId: 'all' },
      ...{ currency: 'USD', costMicros: 1_000n, holdoutShare: 0 },
      ...{ subject: 'We miss you', body: 'Come back.' },
    });
  }

  /** Everybody says yes to one purpose. */
  async grant(customers: readonly string[], purpose: string, channel: string): Promise<void> {
    for (let at = 0; at < customers.length; at += RECORDS) {
      const records = customers.slice(at, at + RECORDS).map((customerId) => ({
        ...{ id: `yes-${customerId}`, customerId, purpose, channel },
        ...{ action: 'granted' as const, source: 'bench' },
      }));
      const failed = (await this.consent.record(TENANT, records)).find(({ ok }) => !ok);
      if (failed !== undefined && !failed.ok) throw failed.error;
    }
  }

  /** Customers at risk in a country where silence is no consent; put into the store, so that no model sorts them. */
  async putAtRisk(customers: readonly string[]): Promise<void> {
    const client = new pg.Client(this.connection);
    await client.connect();
    await client.query(
      `insert into syncengage.profiles (tenant, customer_id, email, traits, first_seen_at, last_seen_at)
       select $1, id, id || '@example.test', '{"country": "DE"}', now(), now() from unnest($2::text[]) as id`,
      [TENANT, customers],
    );
    await client.query(
      `insert into syncengage.segment_members (tenant, customer_id, segment, alive_probability, model_version,
                                               evaluated_at, refresh_id)
       select $1, id, 'at_risk', 0.2, 'bench', now(), gen_random_uuid() from unnest($2::text[]) as id`,
      [TENANT, customers],
    );
    await client.query(
      `insert into syncengage.segment_refreshes (tenant, id, state, requested_at, updated_at, finished_at)
       values ($1, gen_random_uuid(), 'done', now(), now(), now())`,
      [TENANT],
    );
    await client.end();
  }

  /** Writes to everybody who may be written to; resolves when the run is over. */
  async runJourney(): Promise<void> {
    const { runId } = await this.engage.runJourney(TENANT, 'mails');
    const { state } = await this.engage.runEnd(TENANT, runId, { timeoutMs: 600_000 });
    if (state !== 'done') throw new Error(`the run of the journey ended as ${state}`);
  }

  /**
   * Bids for everybody who may be bid for, in order and a few jobs ahead; resolves when all are decided.
   * @param pace waited for after each job
   */
  async bidForAll(customers: readonly string[], pace: () => Promise<void>): Promise<void> {
    const jobs = Array.from({ length: Math.ceil(customers.length / JOB) }, (_, i) =>
      customers.slice(i * JOB, (i + 1) * JOB),
    );
    const waiting: (readonly string[])[] = [];
    for (const job of jobs) {
      const opportunities = job.map((id) => ({
        ...{ id, customerId: id, channel: 'social', floorMicros: 0n, currency: 'USD' },
        region: 'DE',
      }));
      await this.flow.bid(TENANT, 'ads', opportunities);
      waiting.push(job);
      if (waiting.length >= JOBS_AHEAD) await this.decided(waiting.shift() ?? []);
      await pace();
    }
    for (const job of waiting) await this.decided(job);
  }

  private async decided(job: readonly string[]): Promise<void> {
    const last = job.at(-1) ?? '';
    const untilMs = performance.now() + 60_000;
    while (performance.now() < untilMs) {
      const [decision] = await this.flow.why(TENANT, last).catch(() => []);
      const isOpen = decision === undefined || ['priced', 'placing'].includes(decision.status);
      if (!isOpen) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`the opportunity ${last} was not decided within a minute`);
  }
}

/** An order log that a model can be fitted to. */
function orders() {
  const random = new SeededRandom(5);
  return Array.from({ length: 150 }, (_, i) => {
    const [count, first] = [1 + random.nextInt(8), random.nextInt(300)];
    return Array.from({ length: count }, (__, k) => ({
      ...{ transactionId: `t${i}-${k}`, customerId: `c${i}`, currency: 'USD', kind: 0 },
      occurredAt: new Date(Date.UTC(2024, 0, 1 + first + k * (1 + random.nextInt(60)), 12)),
      amountMicros: BigInt(5 + random.nextInt(50)) * 1_000_000n,
      acquisition: undefined,
    }));
  }).flat();
}
