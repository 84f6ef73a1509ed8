import type { ModelArtefact } from './model.js';
import type { StoredScores } from './stored-backtest.js';

/** Scores are stored in this order, without names: those would be a tenth of an artefact. New ones go to the end. */
const SCORES = [
  ...['customers', 'actual', 'predicted', 'mae', 'rmse', 'msle', 'bias', 'pearson', 'spearman'],
  ...['normalizedGini', 'decileMape', 'predictedSpendMicros', 'actualSpendMicros', 'deciles'],
] as const;

type Fields = Readonly<Record<string, unknown>>;

/** An artefact as it is stored: JSON, with what its other parts tell anyway left out. */
export function artefactText(artefact: ModelArtefact): string {
  return JSON.stringify(artefact, (key, value: unknown) => {
    if (!isFields(value)) return value;
    if (key === 'model' || key === 'naive') return packedScores(value);
    return key === 'purchase' || key === 'spend' ? withoutNames(value) : value;
  });
}

/** Bytes of an artefact as it is stored. */
export function artefactBytes(artefact: ModelArtefact): number {
  return Buffer.byteLength(artefactText(artefact));
}

/** The artefact of parsed text; also of one that was stored as it was. */
export function artefactFrom(stored: unknown): ModelArtefact {
  const fields = stored as Fields;
  const full = { ...fields };
  for (const part of ['purchase', 'spend']) {
    if (isFields(fields[part])) full[part] = withNames(fields[part]);
  }
  const { backtest } = fields;
  if (isFields(backtest)) {
    const [model, naive] = [unpackedScores(backtest['model']), unpackedScores(backtest['naive'])];
    full['backtest'] = { ...backtest, model, naive };
  }
  return full as unknown as ModelArtefact;
}

function packedScores(scores: Fields): unknown {
  const names = Object.keys(scores);
  const isKnown = names.length === SCORES.length && SCORES.every((name) => name in scores);
  return isKnown ? SCORES.map((name) => scores[name]) : scores;
}

function unpackedScores(stored: unknown): StoredScores {
  if (!Array.isArray(stored)) return stored as StoredScores;
  const entries = SCORES.map((name, i) => [name, stored[i] as unknown]);
  return Object.fromEntries(entries) as StoredScores;
}

/** The names of parameters are those of their values, in their order. */
function withoutNames(model: Fields): Fields {
  const { parameterNames, ...rest } = model;
  const isTold = JSON.stringify(parameterNames) === JSON.stringify(namesOf(model));
  return isTold ? rest : model;
}

function withNames(stored: Fields): Fields {
  return 'parameterNames' in stored ? stored : { ...stored, parameterNames: namesOf(stored) };
}

function namesOf({ parameters }: Fields): string[] {
  return isFields(parameters) ? Object.keys(parameters) : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
