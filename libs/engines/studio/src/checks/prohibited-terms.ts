/** A claim that advertising platforms and consumer law do not let pass unproven. */
export interface ProhibitedTerm {
  readonly rule: string;
  readonly pattern: RegExp;
}

/** What was found in a text. */
export interface TermHit {
  readonly rule: string;
  /** The words, as they read after normalisation. */
  readonly found: string;
}

const LETTER_FOR: Readonly<Record<string, string>> = {
  а: 'a',
  е: 'e',
  о: 'o',
  р: 'p',
  с: 'c',
  у: 'y',
  х: 'x',
  і: 'i',
  ѕ: 's',
  к: 'k',
  м: 'm',
  т: 't',
  н: 'h',
  в: 'b',
  α: 'a',
  ε: 'e',
  ο: 'o',
  ρ: 'p',
  ι: 'i',
  κ: 'k',
  ν: 'v',
  τ: 't',
  υ: 'u',
};
const LETTER_FOR_DIGIT: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
};

/** Lower case without accents, invisible characters, look-alike letters and letters written apart. */
export function foldText(text: string): string {
  const plain = text
    .normalize('NFKD')
    .replace(/[’‘ʼ]/gu, "'")
    .replace(/[\p{M}\p{Cf}]/gu, '')
    .toLowerCase()
    .replace(/\p{L}/gu, (letter) => LETTER_FOR[letter] ?? letter)
    // Digits stand for letters only between letters: `gu4r4nteed`, not `100`.
    .replace(/(?<=\p{L})[013457@$](?=\p{L})/gu, (digit) => LETTER_FOR_DIGIT[digit] ?? digit)
    .replace(/(?<=\p{L})[013457@$](?=\p{L})/gu, (digit) => LETTER_FOR_DIGIT[digit] ?? digit);
  return plain
    .replace(/(?<![\p{L}\d])(?:\p{L}[\s.*_-]){3,}\p{L}(?![\p{L}\d])/gu, (run) =>
      run.replace(/[\s.*_-]/g, ''),
    )
    .replace(/\s+/g, ' ')
    .trim();
}

const term = (rule: string, words: string): ProhibitedTerm => ({
  rule,
  pattern: new RegExp(`(?<![\\p{L}\\d])(?:${words})(?![\\p{L}\\d])`, 'u'),
});

/** Rules that hold for every platform; matched on folded text, whole words only. */
export const PROHIBITED_TERMS: readonly ProhibitedTerm[] = [
  term(
    'guarantee',
    'guarantee[sd]?|garantiert(?:e[rsnm]?)?|garanti[ez]?|risk[ -]?free|risikofrei|no risk',
  ),
  term('cure', 'cures?|cured|heals?|heilt|heilung|miracle|wundermittel|guerit'),
  term(
    'health_promise',
    'no side effects|keine nebenwirkungen|detox(?:es|ify)?|(?:lose|burn) \\d+ ?(?:kg|lbs?|pounds|kilos)',
  ),
  term(
    'income_promise',
    'get rich|make money fast|earn \\$?\\d+ (?:a|per) day|passive income|schnell reich|double your money',
  ),
  term(
    'personal_attribute',
    'are you (?:fat|diabetic|depressed|in debt|divorced|lonely|disabled)|bist du (?:dick|krank)',
  ),
  term('before_after', 'before and after|before & after|vorher nachher'),
  term(
    'superlative_proof',
    'number one in the world|world\\x27?s best|best in the world|clinically proven|doctors hate',
  ),
  term('abuse', 'fuck(?:ing|er|ed)?|shit|bitch(?:es)?|asshole|cunt|nazi'),
];

/** Own words of an installation or brand, matched like the rules. */
export function ownTerms(words: readonly string[]): ProhibitedTerm[] {
  return words
    .map(foldText)
    .filter((word) => word !== '')
    .map((word) => term('own_list', word.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')));
}

/** Prohibited words of a text. */
export function findProhibited(
  text: string,
  terms: readonly ProhibitedTerm[] = PROHIBITED_TERMS,
): TermHit[] {
  const folded = foldText(text);
  return terms.flatMap(({ rule, pattern }) => {
    const found = pattern.exec(folded)?.[0];
    return found === undefined ? [] : [{ rule, found }];
  });
}
