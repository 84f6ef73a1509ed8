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

function attempt(
  measurer: Measurer,
  options: FitOptions,
  text: string,
  sizePx: number,
): Omit<FittedText, 'isShortened'> | undefined {
  const leadingPx = Math.round(sizePx * (options.leading ?? 1.15));
  const style = { weight: options.weight, sizePx, tracking: options.tracking ?? 0 };
  const lines = breakLines(measurer, text, style, options.width);
  if (!lines || lines.length > options.maxLines) return undefined;
  if (lines.length * leadingPx > options.height) return undefined;
  const even = balanced(measurer, text, style, lines);
  const width = Math.max(0, ...even.map((line) => measurer.width(line, style)));
  return { lines: even, sizePx, leadingPx, width };
}

/**
 * The largest setting that fits: size first, then fewer words with an ellipsis at the smallest size.
 * The result never leaves its box. @throws text_does_not_fit when not even the first word fits
 */
export function fitText(measurer: Measurer, options: FitOptions): FittedText {
  const step = Math.max(1, (options.maxPx - options.minPx) / 40);
  for (let size = options.maxPx; size >= options.minPx; size -= step) {
    const fitted = attempt(measurer, options, options.text, Math.round(size));
    if (fitted) return { ...fitted, isShortened: false };
  }
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
