import { errors } from '../errors.js';
import type { Measurer, TextStyle, Weight } from './measure.js';

/** What a text may become inside its box. */
export interface FitOptions {
  readonly text: string;
  readonly weight: Weight;
  /** Box in pixels. */
  readonly width: number;
  readonly height: number;
  /** Largest and smallest size in pixels. */
  readonly maxPx: number;
  readonly minPx: number;
  readonly maxLines: number;
  /** Line height as a multiple of the size. @default 1.15 */
  readonly leading?: number;
  /** Extra space per character in em. @default 0 */
  readonly tracking?: number;
  /** Names the text in the error. */
  readonly field: string;
}

/** A text set into lines. */
export interface FittedText {
  readonly lines: readonly string[];
  readonly sizePx: number;
  readonly leadingPx: number;
  /** Width of the widest line, pixels. */
  readonly width: number;
  /** True when words were left out at the end and replaced by an ellipsis. */
  readonly isShortened: boolean;
}

/** Breaks into lines no wider than `width`; undefined when a single word is wider. */
export function breakLines(
  measurer: Measurer,
  text: string,
  style: TextStyle,
  width: number,
): string[] | undefined {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (measurer.width(word, style) > width) return undefined;
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && measurer.width(longer, style) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  if (line !== '') lines.push(line);
  return lines;
}

/** Narrows the lines as far as their number allows, so that the last one is not a single short word. */
function balanced(measurer: Measurer, text: string, style: TextStyle, lines: string[]): string[] {
  if (lines.length < 2) return lines;
  const widest = Math.max(...lines.map((line) => measurer.width(line, style)));
  let best = lines;
  for (let width = widest * 0.97; width > widest * 0.5; width *= 0.97) {
    const next = breakLines(measurer, text, style, width);
    if (!next || next.length > lines.length) break;
    best = next;
  }
  return best;
}

type Setting = Omit<FittedText, 'isShortened'>;

function attempt(
  measurer: Measurer,
  options: FitOptions,
  text: string,
  sizePx: number,
): Setting | undefined {
  const leadingPx = Math.round(sizePx * (options.leading ?? 1.15));
  const style = { weight: options.weight, sizePx, tracking: options.tracking ?? 0 };
  const lines = breakLines(measurer, text, style, options.width);
  if (!lines || lines.length > options.maxLines) return undefined;
  if (lines.length * leadingPx > options.height) return undefined;
  const even = balanced(measurer, text, style, lines);
  const width = Math.max(0, ...even.map((line) => measurer.width(line, style)));
  return { lines: even, sizePx, leadingPx, width };
}

/** How even the lines are: the shortest's part of the widest, 1 for a single line. */
function evenness(measurer: Measurer, options: FitOptions, { lines, sizePx }: Setting): number {
  const style = { weight: options.weight, sizePx, tracking: options.tracking ?? 0 };
  const widths = lines.map((line) => measurer.width(line, style));
  return Math.min(...widths) / Math.max(...widths, 1);
}

/** The whole text as large as it fits; somewhat smaller where that makes the lines much more even. */
function wholeText(measurer: Measurer, options: FitOptions): Setting | undefined {
  const step = Math.max(1, (options.maxPx - options.minPx) / 40);
  let best: { readonly setting: Setting; readonly score: number } | undefined;
  let largest = 0;
  for (let size = options.maxPx; size >= Math.max(options.minPx, largest * 0.78); size -= step) {
    const setting = attempt(measurer, options, options.text, Math.round(size));
    if (!setting) continue;
    largest = Math.max(largest, setting.sizePx);
    const score = setting.sizePx * (0.55 + 0.45 * evenness(measurer, options, setting));
    if (!best || score > best.score) best = { setting, score };
  }
  return best?.setting;
}

/**
 * The largest setting that fits: size first, then fewer words with an ellipsis at the smallest size.
 * The result never leaves its box. @throws text_does_not_fit when not even the first word fits
 */
export function fitText(measurer: Measurer, options: FitOptions): FittedText {
  const whole = wholeText(measurer, options);
  if (whole) return { ...whole, isShortened: false };
  const words = options.text.split(' ');
  for (let count = words.length; count > 0; count--) {
    const text = words.slice(0, count).join(' ');
    const shown = count === words.length ? text : `${text.replace(/[\s,;:.–—-]+$/u, '')}…`;
    const fitted = attempt(measurer, options, shown, options.minPx);
    if (fitted) return { ...fitted, isShortened: count < words.length };
  }
  throw errors.text_does_not_fit(`"${options.text.slice(0, 60)}" does not fit.`, {
    fields: [{ field: options.field, expected: 'shorter words' }],
  });
}
