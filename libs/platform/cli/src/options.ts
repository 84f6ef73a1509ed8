import { errors } from './errors.js';

/** One option or argument of a command: how it is written, what it means, how its text is read. */
export interface CliOption<T = unknown> {
  /** As people type it: `--seed <n>`, `-v, --verbose`, `--key <k…>`; ignored for arguments. */
  readonly flags: string;
  readonly summary: string;
  /** Undefined for a switch without a value. */
  readonly parse: ((text: string, flags: string) => T) | undefined;
  /** What an absent option yields. */
  readonly fallback: T;
  /** Whether a repeated option collects into a list. */
  readonly isList?: boolean;
}

/** Typed values of a set of options. */
export type OptionValues<O extends Readonly<Record<string, CliOption>>> = {
  readonly [K in keyof O]: O[K] extends CliOption<infer T> ? T : never;
};

/** A switch: true when given. */
export function switchOption(flags: string, summary: string): CliOption<boolean> {
  return { flags, summary, parse: undefined, fallback: false };
}

/** Any text that is not empty. */
export function textOption<T extends string | undefined>(
  flags: string,
  summary: string,
  fallback: T,
): CliOption<string | T> {
  return { flags, summary, parse: nonEmpty, fallback };
}

/** A whole number within bounds. */
export function integerOption<T extends number | undefined>(
  flags: string,
  summary: string,
  bounds: { readonly min: number; readonly max: number; readonly fallback: T },
): CliOption<number | T> {
  const { min, max, fallback } = bounds;
  return { flags, summary, fallback, parse: (text) => integer(text, flags, min, max) };
}

/** One of a few words. */
export function choiceOption<const C extends readonly string[], T extends C[number] | undefined>(
  flags: string,
  summary: string,
  choices: C,
  fallback: T,
): CliOption<C[number] | T> {
  const parse = (text: string): C[number] => {
    if (choices.includes(text)) return text;
    throw invalid(flags, `one of ${choices.join(', ')}`, text);
  };
  return { flags, summary: `${summary} (${choices.join(', ')})`, fallback, parse };
}

/** Texts of an option that may be repeated. */
export function listOption(flags: string, summary: string): CliOption<readonly string[]> {
  return { flags, summary, fallback: [], isList: true, parse: (text) => [nonEmpty(text, flags)] };
}

/** A calendar day, as milliseconds of its UTC midnight. */
export function dayOption(flags: string, summary: string): CliOption<number | undefined> {
  const parse = (text: string): number => {
    const at = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
    const isReal = Number.isFinite(at) && new Date(at).toISOString().startsWith(text);
    if (!isReal) throw invalid(flags, 'a day such as 1997-09-30', text);
    return at;
  };
  return { flags, summary, fallback: undefined, parse };
}

/** A duration such as `90d`, `12h`, `30m`, `10s`, as milliseconds. */
export function durationOption(flags: string, summary: string): CliOption<number | undefined> {
  const units: Readonly<Record<string, number>> = {
    s: 1_000,
    m: 60_000,
    h: 3_600_000,
    d: 86_400_000,
  };
  const parse = (text: string): number => {
    const match = /^(\d{1,6})([smhd])$/.exec(text);
    const unit = units[match?.[2] ?? ''];
    if (unit === undefined) throw invalid(flags, 'a duration such as 90d, 12h, 30m or 10s', text);
    return Number(match?.[1]) * unit;
  };
  return { flags, summary, fallback: undefined, parse };
}

function nonEmpty(text: string, flags: string): string {
  if (text.trim() === '') throw invalid(flags, 'a text that is not empty', text);
  return text;
}

function integer(text: string, flags: string, min: number, max: number): number {
  const value = /^[+-]?\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw invalid(flags, `a whole number from ${min} to ${max}`, text);
}

function invalid(flags: string, expected: string, text: string): Error {
  const name = /--[a-z-]+/.exec(flags)?.[0] ?? flags;
  return errors.usage_invalid(`${name}: expected ${expected}, got ${JSON.stringify(text)}.`, {
    fields: [{ field: name, expected }],
  });
}
