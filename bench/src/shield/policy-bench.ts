import { SeededRandom } from '@kiki/kernel';
import {
  CompiledPolicy,
  RuleFacts,
  velocityTrial,
  type Rule,
  type SpendVelocityRule,
  type VelocityReport,
} from '@kiki/service-syncshield/conformance';
import type { Benchmark, BenchOptions, Figure } from '../harness/benchmark.js';

const JUDGED = 200_000;
const HOUR_MS = 3_600_000;
const base = { scope: {}, exemptions: [] };
const VELOCITY: SpendVelocityRule = {
  ...{ ...base, id: 'velocity', kind: 'spend_velocity', windowMs: 5_000, factorPercent: 300 },
  ...{ slackLumps: 8, minMicros: 0n, minHours: 168 },
};
const countries = Array.from({ length: 200 }, (_, n) =>
  String.fromCharCode(65 + (n % 26), 65 + Math.floor(n / 26)),
);
/** One rule of each kind that needs nothing read, and lists of 200 values. */
const RULES: readonly Rule[] = [
  { ...base, id: 'sane', kind: 'ltv_sanity', maxBidPercent: 100, onMissing: 'deny' },
  {
    ...{ ...base, id: 'night', kind: 'quiet_hours', timeZone: 'Europe/Berlin', days: ['sun'] },
    ...{ fromMinute: 1_320, toMinute: 360 },
  },
  { ...base, id: 'allow', kind: 'allow_list', attribute: 'geo', values: countries },
  { ...base, id: 'block', kind: 'block_list', attribute: 'publisher', values: countries },
  { ...base, id: 'new', kind: 'new_geo', known: countries, trialMicros: 0n },
  VELOCITY,
];
/** Clean streams from one hold an hour to five a second, and one with spikes of ten times the rate. */
const RATES = [1 / 3_600, 1 / 60, 0.3, 5] as const;
const SPIKES_MS = Array.from({ length: 12 }, (_, n) => (9 + n) * HOUR_MS + 1_234_567);

/** Rules by themselves: what a judgement costs, and how often the learned profile is wrong or late. */
export const policyBench: Benchmark = {
  name: 'shield.policy',
  about:
    'processor time of a judgement; false vetoes of clean spending and the time until a spike is vetoed',
  targets: [
    { figure: 'judgement', relation: '<=', bound: 10 },
    { figure: 'false vetoes', relation: '<=', bound: 0.1 },
    { figure: 'latest veto of a spike', relation: '<=', bound: 5_000 },
  ],
  run: ({ rounds, note }: BenchOptions) => {
    const reports: { us: number; falseShare: number; latestMs: number }[] = [];
    for (let round = 1; round <= rounds; round++) {
      const clean = RATES.map((holdsPerSecond) => trial(round, holdsPerSecond, []));
      const spiked = trial(round, 8, SPIKES_MS);
      const holds = clean.reduce((sum, of) => sum + of.holds, 0);
      const vetoes = clean.reduce((sum, of) => sum + of.falseVetoes, 0);
      const report = {
        us: microsecondsOf(),
        falseShare: (100 * vetoes) / holds,
        latestMs: Math.max(...spiked.detectedMs),
      };
      reports.push(report);
      note(`${holds} clean holds, ${vetoes} vetoed; ${SPIKES_MS.length} spikes`);
    }
    return Promise.resolve<Figure[]>([
      { name: 'judgement', unit: 'µs', samples: reports.map(({ us }) => us) },
      { name: 'false vetoes', unit: '%', samples: reports.map(({ falseShare }) => falseShare) },
      {
        ...{ name: 'latest veto of a spike', unit: 'ms' },
        samples: reports.map(({ latestMs }) => latestMs),
      },
    ]);
  },
};

function trial(round: number, holdsPerSecond: number, spikesMs: readonly number[]): VelocityReport {
  return velocityTrial(new SeededRandom(round), {
    ...{ holdsPerSecond, spikesMs, learnedWeeks: 4, rule: VELOCITY },
    hours: holdsPerSecond > 1 ? 24 : 168,
  });
}

/** Processor time of one judgement by all rules, all of which let the hold pass. */
function microsecondsOf(): number {
  const policy = new CompiledPolicy(1, { rules: RULES });
  const facts = new RuleFacts();
  const path = [4n, 3n, 2n, 1n].map((budgetNo) => ({
    ...{ budgetNo, id: `b${budgetNo}`, parentNo: undefined, depth: 0, name: 'b', currency: 'EUR' },
    ...{ isPaused: false, pausesOnExternal: false, caps: [] },
  }));
  for (const { budgetNo } of path) {
    const microsPerHour = Array.from({ length: 168 }, () => 10n ** 12n);
    facts.loadProfile(budgetNo, { microsPerHour, lumpMicros: 1_000n, hours: 672 });
  }
  const context = { geo: 'BA', publisher: 'p', bidMicros: 10n, predictedLtvMicros: 100n };
  const request = {
    ...{ tenant: 't', id: 'h', budgetId: 'b4', amountMicros: 10n, currency: 'EUR' },
    ...{ expiresInMs: 1, graceMs: 0, context },
  };
  const startMs = Date.UTC(2026, 5, 15, 12);
  let denied = 0;
  const began = process.cpuUsage();
  for (let n = 0; n < JUDGED; n++) {
    const ask = { request, context, path, nowMs: startMs + n };
    if (policy.denialOf(ask, facts) === undefined) facts.approve(policy, ask);
    else denied++;
  }
  const took = process.cpuUsage(began);
  if (denied > 0) throw new Error(`${denied} holds were denied that should pass`);
  return (took.user + took.system) / JUDGED;
}
