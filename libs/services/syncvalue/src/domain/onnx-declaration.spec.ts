/** Goal: a declaration says all that is needed, and nothing twice. Method: one that is right, changed in one place each. */
import { describe, expect, it } from '@jest/globals';
import { DomainError } from '@kiki/kernel';
import { checkedDeclaration, type AskedDeclaration } from './onnx-declaration.js';

const terms = {
  ...{ currency: 'USD', timeZone: 'UTC', firstDay: 0, newestDay: 100 },
  transactionCount: 1n,
};
const asked: AskedDeclaration = {
  ...{ name: 'm', inputName: 'x', outputName: 'y', currency: 'USD', inputType: 'float32' },
  ...{ features: ['age_days', 'horizon_days'], outputMeaning: 'purchases' },
  ...{ trainedHorizonDays: undefined, trainedUntilDay: undefined },
};

function problems(more: Partial<AskedDeclaration>): string[] {
  try {
    checkedDeclaration({ ...asked, ...more }, terms);
    return [];
  } catch (error) {
    if (!DomainError.is(error)) throw error;
    return (error.details.fields ?? []).map(({ field }) => field.replace('declaration.', ''));
  }
}

describe('a declaration', () => {
  it('that is right is kept without what is absent', () => {
    const { trainedHorizonDays: _h, trainedUntilDay: _u, ...kept } = asked;
    expect(checkedDeclaration(asked, terms)).toEqual(kept);
    const fixed = { features: ['age_days'], trainedHorizonDays: 90, trainedUntilDay: 7 } as const;
    expect(checkedDeclaration({ ...asked, ...fixed }, terms)).toEqual({ ...kept, ...fixed });
  });

  it.each([
    [{ name: '' }, ['name']],
    [{ name: 'n'.repeat(129) }, ['name']],
    [{ features: [] }, ['features', 'trained_horizon_days']],
    [{ features: ['horizon_days', undefined] }, ['features[1]']],
    [{ features: ['horizon_days', 'age_days', 'age_days'] }, ['features[2]']],
    [{ inputName: '' }, ['input_name']],
    [{ inputType: undefined }, ['input_type']],
    [{ outputName: '' }, ['output_name']],
    [{ outputMeaning: undefined }, ['output_meaning']],
    [{ trainedHorizonDays: 90 }, ['trained_horizon_days']],
    [{ features: ['age_days'] }, ['trained_horizon_days']],
    [{ features: ['age_days'], trainedHorizonDays: 0.5 }, ['trained_horizon_days']],
    [{ features: ['age_days'], trainedHorizonDays: 40_000 }, ['trained_horizon_days']],
    [{ currency: 'EUR' }, ['currency']],
    [{ trainedUntilDay: NaN }, ['trained_until']],
    [{ name: '', currency: '' }, ['name', 'currency']],
  ] as const)('is refused for %j', (more, fields) => {
    expect(problems(more)).toEqual(fields);
  });
});
