import { SeededRandom } from '@kiki/kernel';
import type { InventoryBody } from '../exchange/exchange-wire.js';

/** A budget of the demo; its limit is its one total cap. */
export interface PlannedBudget {
  readonly id: string;
  readonly name: string;
  readonly parentId?: string;
  readonly limitMicros: bigint;
}

/** A campaign of the demo. */
export interface PlannedCampaign {
  readonly id: string;
  readonly name: string;
  readonly budgetId: string;
  readonly channel: string;
}

/** Opportunities of one campaign that are offered in one phase. */
export interface PlannedInventory {
  readonly campaignId: string;
  readonly phase: Phase;
  readonly body: InventoryBody;
}

/**
 * `learning`: outcomes of these teach conversion; `main`: everything at once, budgets run out;
 * `cut`: SyncValue is away; `recovery`: it is back.
 */
export type Phase = 'learning' | 'main' | 'cut' | 'recovery';

/** Everything that is decided before the first bid; the same options give the same plan. */
export interface DemoPlan {
  readonly budgets: readonly PlannedBudget[];
  readonly campaigns: readonly PlannedCampaign[];
  readonly inventories: readonly PlannedInventory[];
  readonly minBidMicros: bigint;
  readonly maxBidMicros: bigint;
  readonly medianCompetitionMicros: bigint;
}

/** What a plan is made from. */
export interface PlanInput {
  readonly seed: number;
  readonly customerIds: readonly string[];
  readonly currency: string;
  /** What customers are worth on average, micros. */
  readonly meanValueMicros: bigint;
  /** About how many opportunities. */
  readonly opportunities: number;
}

/** Share of the expected value that a bid may cost, in all campaigns. */
export const VALUE_SHARE = 0.5;
/** What SyncFlow believes of conversion before it has seen any; only the scale of the plan comes from it. */
const PRIOR_CONVERSION = 0.02;

/** Budgets of the demo by what is to happen to them. */
export const BUDGET = {
  root: 'growth',
  always: 'always-on',
  flash: 'flash-sale',
  launch: 'launch',
  raced: 'raced-social',
  creative: 'creative-studio',
  winBack: 'win-back',
} as const;

/** The two that run out mid-run; the raced one is raced by two workers. */
export const SMALL_BUDGETS: readonly string[] = [BUDGET.flash, BUDGET.launch];

/** SyncCreate's prices do not depend on what customers are worth: 25 creatives at 0.02 each, twice over. */
const CREATIVE_LIMIT_MICROS = 1_000_000n;

const CAMPAIGNS: readonly PlannedCampaign[] = [
  { id: 'search-always', name: 'Search, always on', budgetId: BUDGET.always, channel: 'search' },
  { id: 'social-flash', name: 'Flash sale on social', budgetId: BUDGET.flash, channel: 'social' },
  { id: 'display-launch', name: 'Launch on display', budgetId: BUDGET.launch, channel: 'display' },
  { id: 'social-race-a', name: 'Social, worker race A', budgetId: BUDGET.raced, channel: 'social' },
  { id: 'social-race-b', name: 'Social, worker race B', budgetId: BUDGET.raced, channel: 'social' },
];

/** Channels that the demo switches on, for its own tenant and towards simulated exchanges only. */
export const AD_CHANNELS = ['search', 'social', 'display'] as const;

/** Shares of all opportunities. */
const SHARES: readonly (readonly [campaignId: string, phase: Phase, share: number])[] = [
  ['search-always', 'learning', 0.2],
  ['search-always', 'main', 0.36],
  ['social-flash', 'main', 0.11],
  ['display-launch', 'main', 0.11],
  ['social-race-a', 'main', 0.07],
  ['social-race-b', 'main', 0.07],
  ['search-always', 'cut', 0.06],
  ['search-always', 'recovery', 0.02],
];

const SEGMENTS = [
  { name: 'loyal', weight: 3 },
  { name: 'casual', weight: 5 },
  { name: 'lapsed', weight: 2 },
] as const;

/** The exchange's hidden truth about conversion, by segment. */
export const HIDDEN_CONVERSION = { loyal: 0.06, casual: 0.025, lapsed: 0.01 } as const;

/** Plans budgets, campaigns and what is offered, scaled to what the customers of this log are worth. */
export function planDemo(input: PlanInput): DemoPlan {
  const typical = typicalPrice(input.meanValueMicros);
  const floor = Number(atLeastOne(typical / 5n));
  const pools = splitCustomers(input.customerIds, input.seed);
  const inventories = SHARES.map(([campaignId, phase, share]) => {
    const count = Math.max(20, Math.round(input.opportunities * share));
    const channel = CAMPAIGNS.find(({ id }) => id === campaignId)?.channel ?? '';
    const segments = SEGMENTS.map((segment) => ({ ...segment, medianFloorMicros: floor }));
    return {
      campaignId,
      phase,
      body: {
        ...{ count, channel, segments, currency: input.currency },
        idPrefix: `${campaignId}-${phase}-`,
        // A stranger's value is known without SyncValue: in the cut everybody has to be asked for.
        strangerShare: phase === 'cut' ? 0 : 0.15,
        customerIds: phase === 'cut' ? pools.unseen : pools.seen,
      },
    };
  });
  return {
    budgets: planBudgets(typical, input.opportunities),
    campaigns: CAMPAIGNS,
    inventories,
    minBidMicros: atLeastOne(typical / 50n),
    maxBidMicros: typical * 8n,
    medianCompetitionMicros: atLeastOne((typical * 6n) / 10n),
  };
}

/** Two leading digits of the mean price: the scale of the plan, not a price. */
function typicalPrice(meanValueMicros: bigint): bigint {
  const exact = Math.max(1, Number(meanValueMicros) * PRIOR_CONVERSION * VALUE_SHARE);
  const step = 10 ** Math.max(0, Math.floor(Math.log10(exact)) - 1);
  return BigInt(Math.max(1, Math.round(exact / step) * step));
}

function planBudgets(typical: bigint, opportunities: number): PlannedBudget[] {
  const share = (milli: number): bigint =>
    atLeastOne((typical * BigInt(Math.round(opportunities)) * BigInt(milli)) / 1000n);
  const children = [
    { id: BUDGET.always, name: 'Always-on search', limitMicros: share(4000) },
    { id: BUDGET.flash, name: 'Flash sale (small on purpose)', limitMicros: share(7) },
    { id: BUDGET.launch, name: 'Launch (small on purpose)', limitMicros: share(7) },
    { id: BUDGET.raced, name: 'Social, raced by two workers', limitMicros: share(12) },
    { id: BUDGET.creative, name: 'Creatives', limitMicros: CREATIVE_LIMIT_MICROS },
    { id: BUDGET.winBack, name: 'Win-back messages', limitMicros: share(1000) },
  ];
  const total = children.reduce((sum, { limitMicros }) => sum + limitMicros, 0n);
  return [
    { id: BUDGET.root, name: 'All growth spend', limitMicros: total },
    ...children.map((child) => ({ ...child, parentId: BUDGET.root })),
  ];
}

/** A fifth of the customers is kept for the cut: nobody has asked for them before. */
function splitCustomers(
  customerIds: readonly string[],
  seed: number,
): { readonly seen: string[]; readonly unseen: string[] } {
  const random = new SeededRandom(seed);
  const deck = [...customerIds].sort();
  for (let i = deck.length - 1; i > 0; i--) {
    const j = random.nextInt(i + 1);
    [deck[i], deck[j]] = [deck[j]!, deck[i]!];
  }
  const kept = Math.max(1, Math.floor(deck.length / 5));
  return { unseen: deck.slice(0, kept), seen: deck.slice(kept) };
}

function atLeastOne(micros: bigint): bigint {
  return micros > 0n ? micros : 1n;
}
