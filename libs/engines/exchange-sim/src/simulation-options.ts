import { errors } from './errors.js';

/** How the simulated exchange behaves; everything has a default but the seed. */
export interface SimulatedExchangeOptions {
  readonly seed: number;
  /** `second_price`: a winner pays the best competing price; `first_price`: its own bid. @default 'second_price' */
  readonly auction?: 'second_price' | 'first_price';
  /** The best competing price is lognormal around this median, micros. @default 300_000n */
  readonly medianCompetitionMicros?: bigint;
  /** Standard deviation of the logarithm of the competing price. @default 0.8 */
  readonly competitionSigma?: number;
  /** Hidden truth: probability that a billed impression of a segment converts. @default {} */
  readonly conversionRates?: Readonly<Record<string, number>>;
  /** The same for segments that are not named. @default 0.02 */
  readonly defaultConversionRate?: number;
  /** Strangers convert this many times as often as known customers. @default 0.5 */
  readonly strangerFactor?: number;
  /** Typical times from bid to notice, milliseconds; each is drawn between a half and one and a half of it. */
  readonly auctionMs?: number;
  readonly billingMs?: number;
  readonly conversionMs?: number;
  /** Share of notices that are delivered twice. @default 0.05 */
  readonly duplicatedShare?: number;
  /** Share of notices that come `delayMs` late. @default 0.05 */
  readonly delayedShare?: number;
  /** @default 2000 */
  readonly delayMs?: number;
  /** Share of notices that are never delivered. @default 0.02 */
  readonly lostShare?: number;
}

/** The same, complete. */
export type SimulationSettings = Required<SimulatedExchangeOptions>;

/** Fills in what was not said. @throws simulation_invalid */
export function settingsOf(options: SimulatedExchangeOptions): SimulationSettings {
  const settings: SimulationSettings = {
    auction: 'second_price',
    medianCompetitionMicros: 300_000n,
    competitionSigma: 0.8,
    conversionRates: {},
    defaultConversionRate: 0.02,
    strangerFactor: 0.5,
    auctionMs: 50,
    billingMs: 100,
    conversionMs: 400,
    duplicatedShare: 0.05,
    delayedShare: 0.05,
    delayMs: 2000,
    lostShare: 0.02,
    ...options,
  };
  check(settings);
  return settings;
}

function check(settings: SimulationSettings): void {
  const { duplicatedShare, delayedShare, lostShare, defaultConversionRate } = settings;
  const shares = { duplicatedShare, delayedShare, lostShare, defaultConversionRate };
  const rates = { ...shares, ...settings.conversionRates };
  for (const [name, share] of Object.entries(rates)) {
    if (!(share >= 0 && share <= 1)) throw invalid(name, 'from 0 to 1');
  }
  for (const name of [
    'auctionMs',
    'billingMs',
    'conversionMs',
    'delayMs',
    'strangerFactor',
  ] as const) {
    if (!(settings[name] >= 0)) throw invalid(name, 'a number from 0');
  }
  if (!Number.isSafeInteger(settings.seed)) throw invalid('seed', 'a whole number');
  if (!(settings.competitionSigma >= 0)) throw invalid('competitionSigma', 'a number from 0');
  if (settings.medianCompetitionMicros <= 0n) throw invalid('medianCompetitionMicros', 'above 0');
}

function invalid(name: string, expected: string): Error {
  return errors.simulation_invalid(`${name} must be ${expected}.`);
}
