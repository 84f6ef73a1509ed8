import { TransactionKind, type SyncValueClient, type Transaction } from '@kiki/contract-syncvalue';
import { waitFor } from '@kiki/testing';
import type { Call } from './route-seeds.ts';

/** In every text that is a canary's, and in nobody else's. */
export const MARKER = 'zq7canary';

/** Somebody made up whose traces must all go. */
export interface Canary {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly device: string;
}

export const CURRENCY = 'EUR';
const DAY_MS = 86_400_000;

export const canaries = (count: number): Canary[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `${MARKER}-customer-${i}`,
    email: `${MARKER}.${i}@example.test`,
    name: `Ann ${MARKER} ${i}`,
    device: `${MARKER}-device-${i}`,
  }));

/** How a service is called; answers of an error are thrown. */
export async function must(call: ReturnType<Call>): Promise<Record<string, unknown>> {
  const { status, body } = await call;
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body;
}

/** An order log of everybody: canaries and others buy alike. */
export function orders(people: readonly Canary[], others: number): Transaction[] {
  const ids = [...people.map(({ id }) => id), ...Array.from({ length: others }, (_, i) => `o${i}`)];
  const start = Date.UTC(2025, 0, 1, 12);
  return ids.flatMap((customerId, i) =>
    Array.from({ length: 1 + (i % 6) }, (_, k) => ({
      transactionId: `t-${customerId}-${k}`,
      customerId,
      occurredAt: new Date(start + ((i * 7) % 200) * DAY_MS + k * (8 + (i % 23)) * DAY_MS),
      amountMicros: BigInt(15_000_000 + ((i * 37 + k * 11) % 40) * 1_000_000),
      currency: CURRENCY,
      kind: TransactionKind.PURCHASE,
      acquisition: { attributes: { channel: i % 2 === 0 ? 'search' : 'social' } },
    })),
  );
}

/** Orders, and one attribute that names a canary, into SyncValue; a model fitted to them. */
export async function seedValue(value: SyncValueClient, people: readonly Canary[]): Promise<void> {
  const log = orders(people, 300);
  const named = log.map((row) =>
    row.customerId.startsWith(MARKER)
      ? { ...row, acquisition: { attributes: { campaign: `${MARKER}-campaign` } } }
      : row,
  );
  await value.ingest(named);
  await value.fitModel({});
}

/** Profiles, events before and after a login, an order, and a journey that writes to everybody. */
export async function seedEngage(call: Call, people: readonly Canary[]): Promise<number> {
  for (const { id, email, name, device } of people) {
    const traits = { email, name, city: `${MARKER}ville` };
    await must(call('POST', '/v1/track', { anonymousId: device, event: 'Seen', properties: {} }));
    await must(call('POST', '/v1/identify', { userId: id, anonymousId: device, traits }));
    const order = { order_id: `order-${id}`, total: 20, currency: CURRENCY };
    await must(
      call('POST', '/v1/track', { userId: id, event: 'Order Completed', properties: order }),
    );
    await must(
      call('PUT', `/v1/profiles/${id}/subscription`, { status: 'subscribed', proof: name }),
    );
  }
  const { refreshId } = await must(call('POST', '/v1/segments/refresh'));
  await done(call, `/v1/segments/refreshes/${String(refreshId)}`);
  let sent = 0;
  for (const segment of ['active', 'at_risk', 'lost']) {
    sent += await runJourney(call, segment);
  }
  return sent;
}

async function runJourney(call: Call, segment: string): Promise<number> {
  const id = `journey-${segment}`;
  const texts = { offer: '5 %', subject: 'Hello {{traits.name}}', body: '{{unsubscribeUrl}}' };
  const terms = { budgetId: 'canary', currency: CURRENCY, costMicros: 1_000, holdoutShare: 0.1 };
  await must(call('POST', '/v1/journeys', { id, name: id, segment, ...terms, ...texts }));
  const { runId } = await must(call('POST', `/v1/journeys/${id}/run`));
  await done(call, `/v1/runs/${String(runId)}`);
  const report = await must(call('GET', `/v1/journeys/${id}/report`));
  return Number(report['sent'] ?? 0);
}

async function done(call: Call, path: string): Promise<void> {
  await waitFor(
    async () => {
      const { state, reason } = await must(call('GET', path));
      if (state === 'failed' || state === 'blocked') throw new Error(`${path}: ${String(reason)}`);
      return state === 'done';
    },
    { timeoutMs: 60_000, what: path },
  );
}

/** Bids for every canary, through the queue. */
export async function seedFlow(call: Call, people: readonly Canary[]): Promise<void> {
  const campaign = { id: 'canary', name: 'canary', budgetId: 'canary', currency: CURRENCY };
  const terms = { channel: 'social', valueShare: 0.5, maxBidMicros: 100_000 };
  await must(call('POST', '/v1/campaigns', { ...campaign, ...terms }));
  const opportunities = people.map(({ id }, i) => ({
    ...{ id: `opportunity-${i}`, customerId: id, channel: 'social' },
    ...{ floorMicros: 0, currency: CURRENCY },
  }));
  await must(call('POST', '/v1/bids', { campaignId: 'canary', opportunities }));
  const last = `/v1/decisions/opportunity-${people.length - 1}`;
  await waitFor(async () => (await call('GET', last)).status === 200, { timeoutMs: 30_000 });
  // One that no worker can take: it stays among the dead letters.
  await must(call('POST', '/v1/bids', { campaignId: 'canary', opportunities: [opportunities[0]] }));
}

/** A budget; holds that name canaries in their context, and one that names one where it should not. */
export async function seedShield(call: Call, people: readonly Canary[]): Promise<void> {
  const caps = [{ kind: 'total', limitMicros: 1_000_000_000 }];
  await must(
    call('POST', '/v1/budgets', { id: 'canary', name: 'canary', currency: CURRENCY, caps }),
  );
  for (const [i, { id, email }] of people.entries()) {
    const hold = { budgetId: 'canary', amountMicros: 10, currency: CURRENCY };
    const context = { customerId: id, channel: 'social', campaignId: 'canary' };
    const purpose = i % 2 === 0 ? `win back ${email}` : id;
    await must(call('POST', '/v1/holds', { id: `hold-${i}`, ...hold, purpose, context }));
  }
  const records = people.flatMap(({ id, name }, i) =>
    ['marketing', 'advertising'].map((purpose) => ({
      ...{ id: `consent-${purpose}-${i}`, customerId: id, purpose, channel: '*' },
      ...{ action: 'granted', source: 'checkout', proof: { kind: 'form', value: name } },
    })),
  );
  const { results } = await must(call('POST', '/v1/consent/records', { records }));
  const failed = (results as { error?: unknown }[]).filter(({ error }) => error !== undefined);
  if (failed.length > 0) throw new Error(JSON.stringify(failed));
}

/** A brief that names a canary, although none should. */
export async function seedCreate(call: Call, { id, email }: Canary): Promise<void> {
  const job = await must(
    call('POST', '/api/v1/generate', {
      product: { name: 'Kettle', usp: `Made for ${email}`, features: [id] },
      brand: { name: 'Acme', primary_colors: ['#3b82f6'] },
      ...{ variants: 1, platform: 'meta_1_1' },
    }),
  );
  const path = `/api/v1/jobs/${String(job['id'])}`;
  await waitFor(
    async () => ['done', 'failed'].includes(String((await must(call('GET', path)))['status'])),
    { timeoutMs: 60_000, what: 'a creative' },
  );
}
