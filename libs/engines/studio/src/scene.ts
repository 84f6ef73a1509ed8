import type { FormatId } from './format.js';
import type { Box } from './geometry.js';
import type { Palette } from './palette.js';
import type { Strategy } from './strategy.js';
import type { Weight } from './text/measure.js';

/** What a text is for; the checks treat roles differently. */
export type TextRole =
  'mark' | 'brand' | 'headline' | 'body' | 'feature' | 'cta' | 'figure' | 'source';

/** One line of a text, where it is drawn. */
export interface TextLine {
  readonly text: string;
  readonly box: Box;
}

/** A text as it is set: nothing of it may be drawn outside `box`. */
export interface TextBlock {
  readonly role: TextRole;
  readonly text: string;
  readonly lines: readonly TextLine[];
  readonly box: Box;
  readonly sizePx: number;
  readonly leadingPx: number;
  readonly weight: Weight;
  /** Extra space per character, em. */
  readonly tracking: number;
  readonly align: 'left' | 'center';
  readonly color: string;
  /** True when words were left out because the box was too small. */
  readonly isShortened: boolean;
}

/** Where a given product photo goes. */
export interface PhotoSlot {
  readonly box: Box;
  /** Corner radius in pixels; half the side makes a circle. */
  readonly radius: number;
  /** `cover` crops around the focal point; `contain` shows a cut-out whole. */
  readonly fit: 'cover' | 'contain';
}

/** A creative before rasterisation: SVG below the photo, the photo, SVG above it, then the texts. */
export interface Scene {
  readonly format: FormatId;
  readonly strategy: Strategy;
  readonly width: number;
  readonly height: number;
  /** SVG elements (no root) below the photo. */
  readonly under: string;
  readonly photo?: PhotoSlot;
  /** SVG elements (no root) above the photo. */
  readonly over: string;
  readonly blocks: readonly TextBlock[];
  readonly palette: Palette;
}
