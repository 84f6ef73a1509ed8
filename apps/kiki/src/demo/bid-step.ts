import type { Reporter } from '@kiki/cli';
import { microsToWire } from '@kiki/kernel';
import { Child } from '../processes/child.js';
import type { Offer } from '../exchange/exchange-process.js';
import { dealJobs, decidedAt, decidedBy, runJobs } from './bid-jobs.js';
import type { DemoPlatform } from './demo-platform.js';
import {
  HIDDEN_CONVERSION,
  VALUE_SHARE,
  type DemoPlan,
  type Phase,
  type PlannedInventory,
} from './plan.js';
import { poll } from './poll.js';
import type { CampaignReportAnswer, SnapshotAnswer } from './wire.js';

/** What the bid step works with. */
export interface BidStepInput {
  readonly platform: DemoPlatform;
  readonly plan: DemoPlan;
  readonly seed: number;
  readonly currency: string;
  readonly report: Reporter;
  readonly signal: AbortSignal;
}

/** What came of it, besides rows. */
export interface BidStepResult {
  /** Opportunities per second, over the time in which jobs were run. */
  readonly bidsPerSecond: number;
  readonly learned: SnapshotAnswer;
  /** Opportunities of the raced phase by the worker that decided them. */
  readonly decidedByWorker: readonly [number, number];
}

/** Holds live this long; the money of bids whose notices were lost comes back by itself after that. */
const HOLD_TTL_MS = 10_000;
const HOLD_GRACE_MS = 20_000;
const SETTLE_TIMEOUT_MS = 60_000;
/** Twice what opens SyncFlow's breaker: after the cut it is its closing that tells when SyncValue is back. */
const LEAST_CUT_JOBS = 6;

/** Budgets, campaigns and bid jobs, from the first opportunity to the last; settling goes on afterwards. */
export async function runBidStep(input: BidStepInput): Promise<BidStepResult> {
  await createBudgets(input);
  await openMarket(input);
  await createCampaigns(input);
  const offers = await offerAll(input);
  const stopwatch = new Stopwatch();
  const progress = new PhaseProgress(input.report, input.plan.inventories);
  const run = (phase: Phase, urls: readonly string[]): Promise<void> =>
    stopwatch.time(() => runPhase(input, offers, { phase, urls, progress }));
  const first = input.platform.services.httpUrl('syncflow');
  await run('learning', [first]);
  // Only now: a worker that joins earlier would decide jobs that nobody counts.
  const starting = startSecondWorker(input);
  starting.catch(() => undefined);
  try {
    await settled(input);
    const learned = await learn(input, learningCampaign(input.plan));
    const second = await starting;
    const before = await decidedAt(first);
    await run('main', [first, second.answer.httpUrl]);
    const decidedByWorker = [
      (await decidedAt(first)) - before,
      await decidedAt(second.answer.httpUrl),
    ] as const;
    await second.stop();
    await withoutSyncValue(input, () => run('cut', [first]));
    await run('recovery', [first]);
    progress.end();
    const count = input.plan.inventories.reduce((sum, { body }) => sum + body.count, 0);
    return { bidsPerSecond: count / (stopwatch.ms / 1000), learned, decidedByWorker };
  } finally {
    await starting.then(
      (second) => second.stop(),
      () => undefined,
    );
  }
}

async function createBudgets({ platform, plan, currency, signal }: BidStepInput): Promise<void> {
  for (const { limitMicros, ...budget } of plan.budgets) {
    const caps = [{ id: 'total', kind: 'total', limitMicros: microsToWire(limitMicros) }];
    await platform.api('syncshield').post('/v1/budgets', { ...budget, currency, caps }, { signal });
  }
}

/** The key that the exchange tells outcomes with may do nothing else. */
async function openMarket({ platform, plan, seed }: BidStepInput): Promise<void> {
  const { key } = await platform.services.admin.createKey({
    ...{ tenant: platform.tenant, name: 'simulated exchange', createdBy: 'demo' },
    scopes: ['flow:write'],
  });
  const url = `${platform.services.httpUrl('syncflow')}/v1/outcomes`;
  await platform.exchange.open({
    exchange: {
      seed,
      medianCompetitionMicros: microsToWire(plan.medianCompetitionMicros),
      conversionRates: HIDDEN_CONVERSION,
    },
    outcomes: { url, key },
  });
}

async function createCampaigns(input: BidStepInput): Promise<void> {
  const { platform, plan, currency, signal } = input;
  for (const campaign of plan.campaigns) {
    const body = {
      ...{ ...campaign, currency, valueShare: VALUE_SHARE },
      ...{ holdTtlMs: HOLD_TTL_MS, holdGraceMs: HOLD_GRACE_MS },
      minBidMicros: microsToWire(plan.minBidMicros),
      maxBidMicros: microsToWire(plan.maxBidMicros),
    };
    await platform.api('syncflow').post('/v1/campaigns', body, { signal });
    // A service that stood alone until now may need a moment to find SyncValue again.
    await poll(
      'SyncFlow to reach SyncValue',
      async () => (await learn(input, campaign.id)).modelVersion !== null,
      { timeoutMs: 30_000, everyMs: 250, signal },
    );
  }
}

type Offers = ReadonlyMap<PlannedInventory, readonly Offer[]>;

async function offerAll({ platform, plan }: BidStepInput): Promise<Offers> {
  const offers = new Map<PlannedInventory, readonly Offer[]>();
  for (const inventory of plan.inventories) {
    offers.set(inventory, await platform.exchange.offer(inventory.body));
  }
  return offers;
}

function startSecondWorker({ platform }: BidStepInput): Promise<Child<{ httpUrl: string }>> {
  const script = new URL('./worker-main.js', import.meta.url);
  const environment = {
    ...platform.services.environment,
    SYNCSHIELD_URL: platform.services.httpUrl('syncshield'),
  };
  return Child.start({ name: 'The second worker of SyncFlow', script, environment });
}

interface PhaseRun {
  readonly phase: Phase;
  /** HTTP addresses of the workers that take part. */
  readonly urls: readonly string[];
  readonly progress: PhaseProgress;
}

async function runPhase(
  { platform, signal }: BidStepInput,
  offers: Offers,
  { phase, urls, progress }: PhaseRun,
): Promise<void> {
  const ofPhase = [...offers].filter(([inventory]) => inventory.phase === phase);
  const offersOf = new Map(ofPhase.map(([{ campaignId }, offer]) => [campaignId, offer]));
  const jobs = dealJobs(offersOf, phase === 'cut' ? LEAST_CUT_JOBS : 1);
  await runJobs(jobs, {
    flow: platform.api('syncflow'),
    decided: () => decidedBy(urls),
    signal,
    onProgress: (decided) => progress.update(decided),
  });
  progress.next(ofPhase.reduce((sum, [, offer]) => sum + offer.length, 0));
}

/** Cuts the way to SyncValue, runs, sees the breaker open, mends the way and waits until the breaker has noticed. */
async function withoutSyncValue(input: BidStepInput, work: () => Promise<void>): Promise<void> {
  const { platform, signal } = input;
  platform.link.cut();
  try {
    await work();
    await breakerIs(platform, 'open', signal);
  } finally {
    platform.link.mend();
  }
  await breakerIs(platform, 'closed', signal);
}

async function breakerIs(
  { services }: DemoPlatform,
  wanted: 'open' | 'closed',
  signal: AbortSignal,
): Promise<void> {
  const url = `${services.httpUrl('syncflow')}/ready`;
  await poll(
    `SyncFlow's breaker towards SyncValue to be ${wanted}`,
    async () => {
      const response = await fetch(url, { signal });
      const { checks } = (await response.json()) as {
        checks: Readonly<Record<string, { readonly breaker?: string } | undefined>>;
      };
      return (checks['syncvalue']?.breaker === 'closed') === (wanted === 'closed');
    },
    { timeoutMs: 60_000, signal },
  );
}

/** Reports of all campaigns. */
export function campaignReports({
  platform,
  plan,
  signal,
}: Pick<BidStepInput, 'platform' | 'plan' | 'signal'>): Promise<CampaignReportAnswer[]> {
  const flow = platform.api('syncflow');
  return Promise.all(
    plan.campaigns.map(({ id }) =>
      flow.get<CampaignReportAnswer>(`/v1/campaigns/${id}/report`, { signal }),
    ),
  );
}

/** Waits until the exchange has delivered its notices and SyncShield has confirmed what they settle. */
export async function settled(
  input: Pick<BidStepInput, 'platform' | 'plan' | 'signal'>,
): Promise<void> {
  const { platform, signal } = input;
  await poll(
    'the outcomes of the bids to be settled',
    async () => {
      const { pending } = await platform.exchange.statement();
      if (pending > 0) return false;
      const reports = await campaignReports(input);
      return reports.every(({ unsettledOutcomes }) => unsettledOutcomes === 0);
    },
    { timeoutMs: SETTLE_TIMEOUT_MS, everyMs: 200, signal },
  );
}

function learningCampaign({ inventories }: DemoPlan): string {
  return inventories.find(({ phase }) => phase === 'learning')?.campaignId ?? '';
}

function learn({ platform, signal }: BidStepInput, campaignId: string): Promise<SnapshotAnswer> {
  return platform.api('syncflow').post(`/v1/campaigns/${campaignId}/learn`, {}, { signal });
}

class Stopwatch {
  ms = 0;

  async time(work: () => Promise<void>): Promise<void> {
    const startedMs = performance.now();
    await work();
    this.ms += performance.now() - startedMs;
  }
}

class PhaseProgress {
  private readonly progress;
  private done = 0;

  constructor(report: Reporter, inventories: readonly PlannedInventory[]) {
    const total = inventories.reduce((sum, { body }) => sum + body.count, 0);
    this.progress = report.progress({ label: 'bidding', total, unit: 'opportunities' });
  }

  update(decidedInPhase: number): void {
    this.progress.update(this.done + decidedInPhase);
  }

  next(decidedInPhase: number): void {
    this.done += decidedInPhase;
    this.progress.update(this.done);
  }

  end(): void {
    this.progress.end();
  }
}
