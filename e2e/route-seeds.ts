import { waitFor } from '@kiki/testing';

/** A call on behalf of one tenant; answers are parsed where they are JSON. */
export type Call = (
  method: string,
  path: string,
  body?: unknown,
) => Promise<{ status: number; body: Record<string, unknown> }>;

/** A route whose path names something, made concrete: the thing exists and belongs to whoever seeded it. */
export interface SeededRoute {
  readonly path: string;
  readonly body?: unknown;
}

type Seeds = Record<string, SeededRoute>;

const CURRENCY = 'EUR';

async function must(call: ReturnType<Call>): Promise<Record<string, unknown>> {
  const { status, body } = await call;
  if (status >= 300) throw new Error(`seeding failed: ${status} ${JSON.stringify(body)}`);
  return body;
}

async function seedPrivacy(call: Call): Promise<Seeds> {
  const request = { kind: 'erase', regime: 'gdpr', customerId: 'u1' };
  for (const id of ['p1', 'p2', 'p3']) {
    await must(call('POST', '/v1/privacy/requests', { id, ...request }));
  }
  await must(
    call('POST', '/v1/privacy/legal-holds', { id: 'l1', customerId: 'u9', matter: 'case 1' }),
  );
  const at = (id: string): string => `/v1/privacy/requests/${id}`;
  const reason = 'for the test';
  return {
    'DELETE /v1/privacy/legal-holds/{id}': { path: '/v1/privacy/legal-holds/l1' },
    'GET /v1/privacy/requests/{id}': { path: at('p1') },
    'GET /v1/privacy/requests/{id}/evidence': { path: `${at('p1')}/evidence` },
    'GET /v1/privacy/requests/{id}/export': { path: `${at('p1')}/export` },
    'POST /v1/privacy/requests/{id}/cancel': { path: `${at('p2')}/cancel`, body: { reason } },
    'POST /v1/privacy/requests/{id}/extend': { path: `${at('p1')}/extend`, body: { reason } },
    'POST /v1/privacy/requests/{id}/reject': {
      path: `${at('p3')}/reject`,
      body: { reason: 'unfounded' },
    },
    'POST /v1/privacy/requests/{id}/verify': {
      path: `${at('p1')}/verify`,
      body: { method: 'logged_in' },
    },
  };
}

async function seedConsent(call: Call): Promise<Seeds> {
  const record = { id: 'k1', customerId: 'u1', purpose: 'marketing', channel: 'email' };
  const records = [{ ...record, action: 'granted', source: 'seed' }];
  await must(call('POST', '/v1/consent/records', { records }));
  return {
    'GET /v1/consent/records/{id}': { path: '/v1/consent/records/k1' },
    'GET /v1/consent/subjects/{customerId}': { path: '/v1/consent/subjects/u1' },
  };
}

async function seedPolicy(call: Call): Promise<Seeds> {
  const rules = [{ id: 'r1', kind: 'block_list', attribute: 'geo', values: ['XX'] }];
  await must(call('PUT', '/v1/policy', { policy: { rules } }));
  const context = { geo: 'XX' };
  const hold = { budgetId: 'b1', amountMicros: 10, currency: CURRENCY, context };
  await must(call('POST', '/v1/holds', { id: 'h2', ...hold }));
  const { approvalId } = await must(call('POST', '/v1/holds/h2/appeal', { reason: 'seed' }));
  const { id } = await must(call('POST', '/v1/kill-switch', { reason: 'seed', budgetId: 'b2' }));
  const approval = `/v1/approvals/${String(approvalId)}`;
  return {
    'GET /v1/approvals/{id}': { path: approval },
    'POST /v1/approvals/{id}/approve': { path: `${approval}/approve`, body: {} },
    'POST /v1/approvals/{id}/reject': { path: `${approval}/reject`, body: {} },
    'GET /v1/holds/{id}/why': { path: '/v1/holds/h2/why' },
    'POST /v1/holds/{id}/appeal': { path: '/v1/holds/h2/appeal', body: { reason: 'seed' } },
    'POST /v1/kill-switch/{id}/lift': {
      path: `/v1/kill-switch/${String(id)}/lift`,
      body: { reason: 'seed' },
    },
    'GET /v1/policy/versions/{version}': { path: '/v1/policy/versions/1' },
  };
}

async function seedShield(call: Call): Promise<Seeds> {
  const caps = [{ kind: 'total', limitMicros: 1_000_000 }];
  await must(call('POST', '/v1/budgets', { id: 'b1', name: 'b1', currency: CURRENCY, caps }));
  const hold = { budgetId: 'b1', amountMicros: 10, currency: CURRENCY };
  await must(call('POST', '/v1/holds', { id: 'h1', ...hold }));
  const url = 'https://hooks.example.test/';
  await must(call('POST', '/v1/webhooks', { id: 'w1', url, types: ['budget.resumed'] }));
  await must(call('POST', '/v1/webhooks', { id: 'w2', url }));
  // The first event of the tenant.
  await must(call('POST', '/v1/budgets/b1/pause'));
  await must(call('POST', '/v1/budgets/b1/resume'));
  const lease = { budgetId: 'b1', nodeId: 'n1', epoch: 1, askMicros: 10 };
  await must(call('POST', '/v1/leases', { id: 'l1', ...lease }));
  await must(call('POST', '/v1/budgets', { id: 'b2', name: 'b2', currency: CURRENCY, caps }));
  const policy = await seedPolicy(call);
  const privacy = await seedPrivacy(call);
  const consent = await seedConsent(call);
  await waitFor(async () => (await call('GET', '/v1/audit/tile/0/0')).status === 200, {
    ...{ timeoutMs: 30_000, what: 'the audit tree' },
  });
  return {
    ...policy,
    ...privacy,
    ...consent,
    'GET /v1/audit/tile/{level}/{index}': { path: '/v1/audit/tile/0/0' },
    'GET /v1/budgets/{id}': { path: '/v1/budgets/b1' },
    ...moneyOutSeeds,
    'PUT /v1/budgets/{id}/caps': { path: '/v1/budgets/b1/caps', body: { caps } },
    'POST /v1/budgets/{id}/pause': { path: '/v1/budgets/b1/pause' },
    'POST /v1/budgets/{id}/resume': { path: '/v1/budgets/b1/resume' },
    'GET /v1/holds/{id}': { path: '/v1/holds/h1' },
    'POST /v1/holds/{id}/capture': {
      path: '/v1/holds/h1/capture',
      body: { settlementId: 's1', amountMicros: 5 },
    },
    'POST /v1/holds/{id}/refund': { path: '/v1/holds/h1/refund', body: { settlementId: 's3' } },
    'GET /v1/leases/{id}': { path: '/v1/leases/l1' },
    'POST /v1/leases/{id}/report': { path: '/v1/leases/l1/report', body: { spentMicros: 1 } },
    'POST /v1/leases/{id}/release': { path: '/v1/leases/l1/release', body: { spentMicros: 2 } },
    'POST /v1/leases/{id}/revoke': { path: '/v1/leases/l1/revoke' },
    'POST /v1/holds/{id}/void': { path: '/v1/holds/h1/void', body: { settlementId: 's2' } },
  };
}

const moneyOutSeeds: Seeds = {
  'GET /v1/budgets/{id}/thresholds': { path: '/v1/budgets/b1/thresholds' },
  'PUT /v1/budgets/{id}/thresholds': {
    path: '/v1/budgets/b1/thresholds',
    body: { percents: [50, 100] },
  },
  'GET /v1/budgets/{id}/external-spend': { path: '/v1/budgets/b1/external-spend' },
  'POST /v1/budgets/{id}/external-spend': {
    path: '/v1/budgets/b1/external-spend',
    body: {
      reports: [
        { source: 'ads', day: '2026-01-01', currency: CURRENCY, amountMicros: 1, version: 1 },
      ],
    },
  },
  'GET /v1/budgets/{id}/pacing': { path: '/v1/budgets/b1/pacing' },
  'PUT /v1/budgets/{id}/plan': {
    path: '/v1/budgets/b1/plan',
    body: { capId: 'total', from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' },
  },
  'DELETE /v1/budgets/{id}/plan': { path: '/v1/budgets/b1/plan' },
  'GET /v1/budgets/{id}/statement': {
    path: '/v1/budgets/b1/statement?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z',
  },
  'GET /v1/budgets/{id}/export': { path: '/v1/budgets/b1/export?kind=entries' },
  'GET /v1/webhooks/{id}': { path: '/v1/webhooks/w1' },
  'PUT /v1/webhooks/{id}': {
    path: '/v1/webhooks/w1',
    body: { url: 'https://hooks.example.test/', types: ['budget.resumed'] },
  },
  'DELETE /v1/webhooks/{id}': { path: '/v1/webhooks/w2' },
  'POST /v1/webhooks/{id}/rotate-secret': { path: '/v1/webhooks/w1/rotate-secret' },
  'POST /v1/webhooks/{id}/enable': { path: '/v1/webhooks/w1/enable' },
  'POST /v1/webhooks/{id}/disable': { path: '/v1/webhooks/w1/disable' },
  'GET /v1/webhooks/{id}/deliveries': { path: '/v1/webhooks/w1/deliveries' },
  'POST /v1/webhooks/{id}/deliveries/{seq}/redeliver': {
    path: '/v1/webhooks/w1/deliveries/1/redeliver',
  },
};

async function seedFlow(call: Call): Promise<Seeds> {
  const campaign = { id: 'c1', name: 'c1', budgetId: 'b1', currency: CURRENCY, channel: 'social' };
  await must(call('POST', '/v1/campaigns', { ...campaign, valueShare: 0.5, maxBidMicros: 1000 }));
  const opportunity = { id: 'o1', channel: 'social', floorMicros: 0, currency: CURRENCY };
  await must(call('POST', '/v1/bids', { campaignId: 'c1', opportunities: [opportunity] }));
  await waitFor(async () => (await call('GET', '/v1/decisions/o1')).status === 200, {
    ...{ timeoutMs: 30_000, what: 'a decision' },
  });
  return {
    'GET /v1/campaigns/{id}': { path: '/v1/campaigns/c1' },
    'GET /v1/campaigns/{id}/digest': { path: '/v1/campaigns/c1/digest' },
    'GET /v1/campaigns/{id}/report': { path: '/v1/campaigns/c1/report' },
    'GET /v1/decisions/{opportunityId}': { path: '/v1/decisions/o1' },
    'POST /v1/campaigns/{id}/learn': { path: '/v1/campaigns/c1/learn' },
  };
}

async function seedEngage(call: Call): Promise<Seeds> {
  await must(call('POST', '/v1/identify', { userId: 'u1', traits: { email: 'u1@example.test' } }));
  const texts = { offer: '5 %', subject: 'We miss you', body: 'Come back: {{unsubscribeUrl}}' };
  const journey = { id: 'j1', name: 'j1', segment: 'at_risk', budgetId: 'b1', currency: CURRENCY };
  const shares = { costMicros: 1000, holdoutShare: 0.1 };
  await must(call('POST', '/v1/journeys', { ...journey, ...texts, ...shares }));
  const { refreshId } = await must(call('POST', '/v1/segments/refresh'));
  const { runId } = await must(call('POST', '/v1/journeys/j1/run'));
  return {
    'GET /v1/journeys/{id}': { path: '/v1/journeys/j1' },
    'GET /v1/journeys/{id}/customers': { path: '/v1/journeys/j1/customers' },
    'GET /v1/journeys/{id}/report': { path: '/v1/journeys/j1/report' },
    'GET /v1/profiles/{id}': { path: '/v1/profiles/u1' },
    'GET /v1/runs/{id}': { path: `/v1/runs/${String(runId)}` },
    'GET /v1/segments/refreshes/{id}': { path: `/v1/segments/refreshes/${String(refreshId)}` },
    'POST /v1/journeys/{id}/run': { path: '/v1/journeys/j1/run' },
    'PUT /v1/profiles/{id}/subscription': {
      path: '/v1/profiles/u1/subscription',
      body: { status: 'unsubscribed' },
    },
  };
}

async function seedCreate(call: Call): Promise<Seeds> {
  const job = await must(
    call('POST', '/api/v1/generate', {
      product: { name: 'Kettle', usp: 'Boils in a minute' },
      brand: { name: 'Acme', primary_colors: ['#3b82f6'] },
      ...{ variants: 1, platform: 'meta_1_1' },
    }),
  );
  const path = `/api/v1/jobs/${String(job['id'])}`;
  const done = await waitFor(
    async () => {
      const { body } = await call('GET', path);
      if (body['status'] === 'failed') throw new Error(JSON.stringify(body));
      return body['status'] === 'done' ? body : undefined;
    },
    { timeoutMs: 60_000, what: 'a creative' },
  );
  const [creative] = done['creatives'] as { id: string }[];
  return {
    'GET /api/v1/creatives/{id}': { path: `/api/v1/creatives/${creative!.id}` },
    'GET /api/v1/creatives/{id}/image': { path: `/api/v1/creatives/${creative!.id}/image` },
    'GET /api/v1/jobs/{id}': { path },
  };
}

/** Makes one thing of each kind, and names every route that leads to one of them. */
export const SEEDERS: Readonly<Record<string, (call: Call) => Promise<Seeds>>> = {
  syncshield: seedShield,
  syncflow: seedFlow,
  syncengage: seedEngage,
  synccreate: seedCreate,
};
