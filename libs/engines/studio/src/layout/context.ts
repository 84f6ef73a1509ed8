import type { SeededRandom } from '@kiki/kernel';
import type { Copy } from '../copy.js';
import type { Drawing } from '../draw.js';
import type { Format, Shape } from '../format.js';
import type { ProductKind } from '../illustration.js';
import type { Palette } from '../palette.js';
import type { PhotoSlot, TextBlock } from '../scene.js';
import type { Measurer } from '../text/measure.js';

/** What every layout function is given. */
export interface LayoutContext {
  readonly format: Format;
  readonly shape: Shape;
  /** One hundredth of the shorter side, pixels. */
  readonly unit: number;
  readonly palette: Palette;
  readonly copy: Copy;
  readonly kind: ProductKind;
  readonly measurer: Measurer;
  readonly random: SeededRandom;
  /** The product photo, when one was given. */
  readonly photo?: { readonly isCutOut: boolean };
  /** Drawings below and above the photo. */
  readonly under: Drawing;
  readonly over: Drawing;
}

/** What every layout function gives back; shapes were put into the context's drawings. */
export interface Layout {
  readonly blocks: readonly TextBlock[];
  readonly photo?: PhotoSlot;
}
