import { lengthOf } from '../copy.js';
import type { Format, TextField } from '../format.js';
import { verdict, type CheckResult } from './check.js';
import { findProhibited, type ProhibitedTerm } from './prohibited-terms.js';

/** The texts that go with a creative; a missing one is not checked. */
export type CreativeTexts = Readonly<Partial<Record<TextField, string>>>;

/** Every field against the platform's limits and forbidden characters. */
export function checkTextLength(texts: CreativeTexts, format: Format): CheckResult {
  const problems: string[] = [];
  const lengths: string[] = [];
  for (const [field, text] of Object.entries(texts) as [TextField, string][]) {
    const { min, max } = format.textLimits[field];
    const length = lengthOf(text);
    lengths.push(`${field} ${length}`);
    if (length < min || length > max)
      problems.push(`${field} must have ${min} to ${max} characters`);
    const forbidden = format.forbiddenCharacters?.exec(text)?.[0];
    if (forbidden !== undefined) problems.push(`${field} must not contain "${forbidden}"`);
  }
  return verdict('text_length', problems.length === 0, {
    measured: lengths.join(', '),
    expected: `the limits of ${format.id}`,
    advice: `${problems.join('; ')}.`,
  });
}

/** Every text against the rules of advertising and the installation's own list. */
export function checkProhibited(
  texts: readonly string[],
  terms: readonly ProhibitedTerm[],
): CheckResult {
  const hits = texts.flatMap((text) => findProhibited(text, terms));
  const found = hits.map((hit) => `"${hit.found}" (${hit.rule})`).join(', ');
  return verdict('prohibited_terms', hits.length === 0, {
    measured: found === '' ? 'none' : found,
    expected: 'none',
    advice: `Say it without ${found}.`,
  });
}
