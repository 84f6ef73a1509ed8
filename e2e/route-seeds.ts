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

async function seedShield(call: Call): Promise<Seeds> {
  const caps = [{ kind: 'total', limitMicros: 1_000_000 }];
  await must(call('POST', '/v1/budgets', { id: 'b1', name: 'b1', currency: CURRENCY, caps }));
  const hold = { budgetId: 'b1', amountMicros: 10, currency: CURRENCY };
  await must(call('POST', '/v1/holds', { id: 'h1', ...hold }));
  return {
    'GET /v1/budgets/{id}': { path: '/v1/budgets/b1' },
    'PUT /v1/budgets/{id}/caps': { path: '/v1/budgets/b1/caps', body: { caps } },
    'POST /v1/budgets/{id}/pause': { path: '/v1/budgets/b1/pause' },
    'POST /v1/budgets/{id}/resume': { path: '/v1/budgets/b1/resume' },
    'GET /v1/holds/{id}': { path: '/v1/holds/h1' },
    'POST /v1/holds/{id}/capture': {
      path: '/v1/holds/h1/capture',
      body: { settlementId: 's1', amountMicros: 5 },
    },
    'POST /v1/holds/{id}/void': { path: '/v1/holds/h1/void', body: { settlementId: 's2' } },
  };
}

async function seedFlow(call: Call): Promise<Seeds> {
  const campaign = { id: 'c1', name: 'c1', budgetId: 'b1', currency: CURRENCY, channel: 'social' };
  await must(call('POST', '/v1/campaigns', { ...campaign, maxBidMicros: 1000 }));
  return {
    'GET /v1/campaigns/{id}': { path: '/v1/campaigns/c1' },
    'GET /v1/campaigns/{id}/digest': { path: '/v1/campaigns/c1/digest' },
    'GET /v1/campaigns/{id}/report': { path: '/v1/campaigns/c1/report' },
    'POST /v1/campaigns/{id}/learn': { path: '/v1/campaigns/c1/learn' },
  };
}

/** Makes one thing of each kind, and names every route that leads to one of them. */
export const SEEDERS: Readonly<Record<string, (call: Call) => Promise<Seeds>>> = {
  syncshield: seedShield,
  syncflow: seedFlow,
};
