import { artefactBytes } from './artefact-text.js';
import { withinLimit } from './learned-acquisition.js';
import { MAX_ARTEFACT_BYTES, type FittedArtefact } from './model.js';

/** Digits that are kept of what describes a model or a population and forecasts nothing. */
const DIGITS = 7;

/**
 * The artefact in as few bytes as it takes: errors, averages and bounds by seven digits, what forecasts unchanged; if
 * that is still too much, the weakest effects of acquisition go, then the deciles of the back-test.
 */
export function compactArtefact(artefact: FittedArtefact): FittedArtefact {
  const { purchase, spend, average, tiers } = artefact;
  const short: FittedArtefact = {
    ...artefact,
    purchase: {
      ...purchase,
      standardErrors: rounded(purchase.standardErrors),
      covariance: rounded(purchase.covariance),
    },
    spend: { ...spend, standardErrors: rounded(spend.standardErrors) },
    average: rounded(average),
    // Downwards: who was at a bound still is.
    tiers: {
      mediumMicros: Math.floor(tiers.mediumMicros),
      highMicros: Math.floor(tiers.highMicros),
      topMicros: Math.floor(tiers.topMicros),
    },
  };
  const kept = withinLimit(short);
  return artefactBytes(kept) <= MAX_ARTEFACT_BYTES ? kept : withoutDeciles(kept);
}

function withoutDeciles(artefact: FittedArtefact): FittedArtefact {
  const { backtest } = artefact;
  if (backtest === undefined) return artefact;
  return { ...artefact, backtest: { ...backtest, model: { ...backtest.model, deciles: [] } } };
}

/** The same with every number in it to so many digits. */
function rounded<T>(value: T): T {
  const text = JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'number' ? Number(part.toPrecision(DIGITS)) : part,
  );
  return JSON.parse(text) as T;
}
