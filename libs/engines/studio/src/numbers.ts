/** A number as it stands in a text, with sign, currency and unit. */
export interface NumberMention {
  /** Only the digits and separators, e.g. `1,500`. */
  readonly digits: string;
  /** With currency or unit, e.g. `30%`, `$9.99`, `24h`. */
  readonly shown: string;
  readonly index: number;
}

/** Units that belong to a number when a space and one of these words follow. */
const UNIT_WORDS =
  'hours?|hrs?|minutes?|mins?|seconds?|days?|nights?|weeks?|months?|years?|times|miles|people|' +
  'Stunden?|Minuten?|Sekunden?|Tagen?|Wochen?|Monaten?|Jahren?|heures?|jours?|ans';
const UNITS = `h|kg|g|mg|ml|l|km|cm|mm|m|kWh|W|GB|TB|mAh|${UNIT_WORDS}`;
const MENTION = new RegExp(
  String.raw`(?<![\p{L}\d])(?:[+−-](?=[\d$€£]))?[$€£]?\s?(?<digits>\d+(?:[.,'\u202f]\d+)*)` +
    String.raw`(?:\s?(?:%|×|x\b|€|£|(?:${UNITS})(?![\p{L}\d])))?(?:\s?\+)?`,
  'gu',
);

/** Numbers in a text, in order. */
export function numbersIn(text: string): NumberMention[] {
  return [...text.matchAll(MENTION)].map((match) => ({
    digits: match.groups?.['digits'] ?? '',
    shown: match[0].trim(),
    index: match.index,
  }));
}

/** Every digit group of a text, also inside words such as `A4` or `X200`, in one spelling. */
function digitGroups(text: string): string[] {
  const plain = text.normalize('NFKC');
  return (plain.match(/\d+(?:[.,'\u202f]\d+)*/gu) ?? []).map((digits) =>
    digits.replace(/\D/gu, '.'),
  );
}

/** Numbers of `text` that no source contains: the ones an advertisement must not state. */
export function unsupportedNumbers(text: string, sources: readonly string[]): string[] {
  const known = new Set(sources.flatMap(digitGroups));
  return digitGroups(text).filter((digits) => !known.has(digits));
}
