import type { CreativeBrief } from './brief.js';
import { errors } from './errors.js';
import type { Format } from './format.js';
import { numbersIn, unsupportedNumbers } from './numbers.js';
import type { Strategy } from './strategy.js';
import { cleanText } from './text/measure.js';

/** The words of one creative. */
export interface Copy {
  readonly headline: string;
  readonly body: string;
  readonly cta: string;
  readonly brandName: string;
  readonly features: readonly string[];
  /** Data-led only: the number, when the request has one, and the statement it belongs to. */
  readonly figure?: string;
  readonly claim: string;
  readonly source: string;
  /** Fields that were shortened to the platform's limit. */
  readonly shortened: readonly string[];
}

/** Number of characters as platforms count them. */
export function lengthOf(text: string): number {
  return [...text].length;
}

/** Cuts at a word and adds an ellipsis; the result has at most `max` characters. */
export function shorten(text: string, max: number): string {
  if (lengthOf(text) <= max) return text;
  const cut = [...text].slice(0, max - 1).join('');
  const atWord = cut.includes(' ') ? cut.slice(0, cut.lastIndexOf(' ')) : cut;
  return `${atWord.replace(/[\s,;:.–—-]+$/u, '')}…`;
}

const ACTIONS: readonly (readonly [RegExp, string])[] = [
  [/luxur|premium|elegan|sophist/i, 'Discover more'],
  [/profession|formal|serious|expert|trust/i, 'Learn more'],
  [/urgent|bold|energe|direct/i, 'Get yours now'],
  [/playful|fun|friend|warm|casual/i, 'See it now'],
];

function actionFor(brief: CreativeBrief): string {
  if (brief.cta !== undefined) return cleanText(brief.cta);
  const category = brief.product.category ?? '';
  if (/software|saas|app|service|course|finance|insur/i.test(category)) return 'Try it now';
  return ACTIONS.find(([tone]) => tone.test(brief.brand.tone ?? ''))?.[1] ?? 'Shop now';
}

interface Words {
  readonly name: string;
  readonly usp: string;
  readonly features: readonly string[];
}

/** Headlines in order of preference; every one is the caller's own wording. */
function headlines(strategy: Strategy, { name, usp, features }: Words): readonly string[] {
  const [first = '', second = ''] = features;
  switch (strategy) {
    case 'control':
      return [usp, first, name];
    case 'lifestyle':
      return [first, usp, name];
    case 'abstract':
      return [name, usp, first];
    case 'high_contrast':
      return [usp, second, name];
    case 'data_led':
      return [name, usp];
  }
}

/** Share of the words of `text` that `other` has too, 0 to 1; words of up to three letters do not count. */
export function overlap(text: string, other: string): number {
  const words = (of: string): string[] => of.toLowerCase().match(/[\p{L}\d]{4,}|\d+/gu) ?? [];
  const own = words(text);
  const known = new Set(words(other));
  return own.length === 0 ? 0 : own.filter((word) => known.has(word)).length / own.length;
}

/** The supporting line: the product's name, and the own text that repeats the headline least. */
function bodyOf(headline: string, { name, usp, features }: Words): string {
  const rest = [usp, ...features].filter((text) => text !== '' && text !== headline);
  const fresh = rest.filter((text) => overlap(text, headline) < 0.5);
  const lead = fresh[0] ?? rest[0];
  if (headline === name) return lead ?? '';
  return lead === undefined || overlap(name, lead) === 1 ? (lead ?? name) : `${name}: ${lead}`;
}

/** The statement of the data-led variant: the given claim, else the first own text with a number. */
function claimOf(brief: CreativeBrief, { name, usp, features }: Words): string {
  const sources = [name, usp, ...features];
  if (brief.claim !== undefined) {
    const claim = cleanText(brief.claim);
    const unsupported = unsupportedNumbers(claim, sources);
    if (unsupported.length > 0) {
      throw errors.claim_number_unsupported(`The claim says ${unsupported.join(', ')}.`, {
        fields: [{ field: 'claim', expected: 'only numbers of product.name, usp and features' }],
      });
    }
    return claim;
  }
  const own = [usp, ...features].filter((text) => text !== '');
  return own.find((text) => numbersIn(text).length > 0) ?? own[0] ?? name;
}

/**
 * Chooses the words for one strategy and format from the request alone.
 * @throws claim_number_unsupported when the claim has a number that the product texts do not
 */
export function copyFor(brief: CreativeBrief, strategy: Strategy, format: Format): Copy {
  const words: Words = {
    name: cleanText(brief.product.name),
    usp: cleanText(brief.product.usp ?? ''),
    features: brief.product.features.map(cleanText).filter((text) => text !== ''),
  };
  const limits = format.textLimits;
  const shortened: string[] = [];
  const limited = (field: 'headline' | 'body' | 'brandName' | 'cta', text: string): string => {
    if (lengthOf(text) > limits[field].max) shortened.push(field);
    return shorten(text, limits[field].max);
  };
  const claim = strategy === 'data_led' ? claimOf(brief, words) : words.usp;
  const wanted =
    brief.headline === undefined ? headlines(strategy, words) : [cleanText(brief.headline)];
  const own = wanted.filter((text) => text !== '');
  // Another own text is better than a headline cut in the middle.
  const whole = brief.headline === undefined ? [...own, ...words.features] : own;
  const chosen =
    whole.find((text) => lengthOf(text) <= limits.headline.max) ?? own[0] ?? words.name;
  const figure = strategy === 'data_led' ? numbersIn(claim)[0]?.shown : undefined;
  const brandName = cleanText(brief.brand.name);
  return {
    headline: limited('headline', chosen),
    body: limited('body', bodyOf(chosen, words)),
    cta: limited('cta', actionFor(brief)),
    brandName: limited('brandName', brandName),
    features: words.features,
    ...(figure === undefined ? {} : { figure }),
    claim,
    source: `Source: ${brandName}`,
    shortened,
  };
}
