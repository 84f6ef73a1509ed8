import { SyncShieldClient, type CapInput } from '@kiki/contract-syncshield';
import { SeededRandom } from '@kiki/kernel';

const TREES = 20;
const LEAVES = 50;
const MANY = 9_000_000_000_000_000n;
const HOUR_MS = 3_600_000;

/** Four caps on the path of every hold: two on the root, two on the budget itself. */
const ROOT_CAPS: readonly CapInput[] = [
  { kind: 'total', limitMicros: MANY },
  { kind: 'calendar_day', limitMicros: MANY, timeZone: 'Europe/Berlin' },
];
const LEAF_CAPS: readonly CapInput[] = [
  { kind: 'sliding_window', limitMicros: MANY, windowMs: HOUR_MS },
  { kind: 'total', limitMicros: MANY },
];

/** The budgets of a run. */
export interface BenchBudgets {
  /** 1,000 budgets of 20 trees, in a random order of popularity. */
  readonly skewed: readonly string[];
  /** One budget of a tree of its own. */
  readonly hot: string;
}

/** Creates the trees of a tenant. */
export async function createBudgets(url: URL, tenant: string): Promise<BenchBudgets> {
  const client = new SyncShieldClient({
    baseUrl: url.origin,
    headers: () => ({ authorization: `Bearer ${url.username}`, 'kiki-tenant': tenant }),
  });
  const create = (id: string, caps: readonly CapInput[], parentId?: string) =>
    client.createBudget(tenant, {
      ...{ id, name: id, currency: 'EUR', caps },
      ...(parentId === undefined ? {} : { parentId }),
    });
  const tree = async (root: string, leaves: number): Promise<string[]> => {
    await create(root, ROOT_CAPS);
    const ids = Array.from({ length: leaves }, (_, leaf) => `${root}-${leaf}`);
    for (const id of ids) await create(id, LEAF_CAPS, root);
    return ids;
  };
  const roots = Array.from({ length: TREES }, (_, i) => `tree-${i}`);
  const leaves = (await Promise.all(roots.map((root) => tree(root, LEAVES)))).flat();
  const [hot = ''] = await tree('hot', 1);
  return { skewed: shuffled(leaves), hot };
}

function shuffled(ids: readonly string[]): string[] {
  const random = new SeededRandom(7);
  return ids
    .map((id) => [random.nextUint32(), id] as const)
    .sort(([a], [b]) => a - b)
    .map(([, id]) => id);
}
