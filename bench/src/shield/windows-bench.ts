import { SeededRandom } from '@kiki/kernel';
import {
  calendarTrial,
  rateTrial,
  together,
  TRIAL_ZONES,
  windowTrial,
  type TrialReport,
} from '@kiki/service-syncshield/conformance';
import type { Benchmark, BenchOptions, Figure } from '../harness/benchmark.js';

/** Events per kind of cap and round. */
const EVENTS = 1_000_000;
const WINDOWS_MS = [1_000, 1_999, 60_000, 3_600_000, 86_400_000, 400 * 86_400_000] as const;
const BURSTS = [300, 1_000, 5_000, 20_000] as const;
/** A rate is compared with every interval, so its trials are short. */
const EVENTS_PER_RATE = 1_000;
const LIMIT = { limit: 5_000, most: 200 } as const;
const KINDS = ['sliding window', 'rate', 'calendar'] as const;

/**
 * A million random events per kind of cap, decided by the ledger's own counters, beside sums over every single
 * approval. Too strict: a window denies what one longer by 1/120 of its length would not; a rate what no interval
 * forbids; a calendar cap while its local day, week or month has room.
 */
export const windowsBench: Benchmark = {
  name: 'shield.windows',
  about: 'a million events each on sliding windows, rates and calendar caps, beside brute force',
  targets: KINDS.flatMap((kind) => [
    { figure: `${kind}, events`, relation: '>=' as const, bound: EVENTS },
    { figure: `${kind}, above`, relation: '<=' as const, bound: 0 },
    { figure: `${kind}, too strict`, relation: '<=' as const, bound: 0 },
  ]),
  run: ({ rounds, note }: BenchOptions) => {
    const reports = KINDS.map((): TrialReport[] => []);
    for (let round = 1; round <= rounds; round++) {
      const random = new SeededRandom(round);
      for (const [index, kind] of KINDS.entries()) {
        const report = runs[kind](random);
        reports[index]?.push(report);
        note(`${kind}: ${report.approved} approved, ${report.denied} denied`);
      }
    }
    return Promise.resolve(KINDS.flatMap((kind, index) => figures(kind, reports[index] ?? [])));
  },
};

const runs: Readonly<Record<(typeof KINDS)[number], (random: SeededRandom) => TrialReport>> = {
  'sliding window': (random) => {
    const events = Math.ceil(EVENTS / WINDOWS_MS.length);
    return together(
      WINDOWS_MS.map((windowMs) => windowTrial(random, { ...LIMIT, events, windowMs })),
    );
  },
  rate: (random) => {
    const trials = Math.ceil(EVENTS / EVENTS_PER_RATE);
    return together(
      Array.from({ length: trials }, (_, trial) => {
        const windowMs = WINDOWS_MS[trial % WINDOWS_MS.length] ?? 1_000;
        const burst = BURSTS[trial % BURSTS.length] ?? 300;
        return rateTrial(random, { ...LIMIT, events: EVENTS_PER_RATE, windowMs, burst });
      }),
    );
  },
  calendar: (random) => {
    const holds = Math.ceil(EVENTS / TRIAL_ZONES.length / 3);
    return together(TRIAL_ZONES.map((zone) => calendarTrial(random, zone, holds)));
  },
};

function figures(kind: string, reports: readonly TrialReport[]): Figure[] {
  const samples = (of: (report: TrialReport) => number): number[] => reports.map(of);
  return [
    { name: `${kind}, events`, unit: 'events', samples: samples(({ events }) => events) },
    { name: `${kind}, denied`, unit: 'events', samples: samples(({ denied }) => denied) },
    { name: `${kind}, above`, unit: 'events', samples: samples(({ above }) => above) },
    { name: `${kind}, too strict`, unit: 'events', samples: samples((of) => of.tooStrict) },
  ];
}
