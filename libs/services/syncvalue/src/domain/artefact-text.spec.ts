/**
 * Goal: an artefact comes back as it was stored, whatever it holds, also one that was stored before names were left out.
 * Method: properties over scores and parameters; a text of before.
 */
import { describe, expect, it } from '@jest/globals';
import { testSeed } from '@kiki/testing';
import fc from 'fast-check';
import { artefactBytes, artefactFrom, artefactText } from './artefact-text.js';
import type { ModelArtefact } from './model.js';

const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const maybe = fc.option(number);
const scores = fc.record({
  ...{ customers: fc.nat(), actual: number, predicted: number, mae: number, rmse: number },
  ...{ msle: number, bias: maybe, pearson: maybe, spearman: maybe, normalizedGini: maybe },
  ...{ decileMape: maybe, predictedSpendMicros: number, actualSpendMicros: number },
  deciles: fc.array(fc.tuple(number, number, number), { maxLength: 10 }),
});
const parameters = fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), number);
const model = parameters.chain((own) =>
  fc.record({
    parameters: fc.constant(own),
    parameterNames: fc.oneof(fc.constant(Object.keys(own)), fc.constant(['other'])),
    logLikelihood: maybe,
  }),
);
const artefacts = fc.record(
  {
    purchase: model,
    spend: model,
    backtest: fc.record({
      calibrationDay: fc.nat(),
      model: fc.oneof(
        scores,
        scores.map((own) => ({ ...own, more: 1 })),
      ),
      naive: scores,
    }),
    population: fc.constant({ spend: { edges: [1], counts: [2, 3] } }),
  },
  { requiredKeys: [] },
) as unknown as fc.Arbitrary<ModelArtefact>;

describe('the text of an artefact', () => {
  it('gives back what was put in', () => {
    fc.assert(
      fc.property(artefacts, (artefact) => {
        const plain = JSON.parse(JSON.stringify(artefact)) as ModelArtefact;
        expect(artefactFrom(JSON.parse(artefactText(artefact)))).toEqual(plain);
        expect(artefactFrom(plain)).toEqual(plain);
        expect(artefactBytes(artefact)).toBeLessThanOrEqual(JSON.stringify(artefact).length);
      }),
      { seed: testSeed() },
    );
  });

  it('leaves out the names of scores and of parameters', () => {
    const [one] = fc.sample(scores, { numRuns: 1, seed: testSeed() });
    const own = { parameters: { r: 1, alpha: 2 }, parameterNames: ['r', 'alpha'] };
    const artefact = { purchase: own, backtest: { model: one, naive: one } };
    const text = artefactText(artefact as unknown as ModelArtefact);
    expect(text).not.toMatch(/mae|parameterNames/);
    expect(JSON.stringify(artefact).length - text.length).toBeGreaterThan(300);
  });
});
