import {
  checkCreative,
  compose,
  FORMATS,
  type CheckResult,
  type CheckSubject,
  type Composition,
  type CreativeBrief,
  type FormatId,
  type Strategy,
} from '@kiki/studio';
import { loadFonts } from './fonts.js';
import { SharpPictureMaker } from './sharp-picture-maker.js';

/** One for all specs of a file: fonts are read once. */
export const pictures = new SharpPictureMaker(loadFonts());

/** A complete brief. */
export const mug: CreativeBrief = {
  product: {
    name: 'Travel Mug',
    features: ['Keeps coffee hot for 12 hours', 'Leak-proof lid', 'Fits every cup holder'],
    usp: 'Hot coffee for 12 hours',
    category: 'kitchen',
  },
  brand: { name: 'Nordkaffe', colors: ['#3b82f6'] },
  seed: 1,
};

/** A creative on its way from words to bytes. */
export interface Drawn extends Composition {
  readonly bytes: Uint8Array;
}

/** Composes and draws without a photo. */
export async function draw(
  format: FormatId,
  strategy: Strategy,
  brief: CreativeBrief = mug,
): Promise<Drawn> {
  const { measurer } = pictures;
  return drawComposed(compose({ brief, strategy, format, measurer }));
}

/** Draws what was composed, or changed after that. */
export async function drawComposed(composition: Composition): Promise<Drawn> {
  const { scene } = composition;
  const { maxBytes } = FORMATS[scene.format];
  const { bytes } = await pictures.draw(scene, { maxBytes, digitalSource: 'algorithmicMedia' });
  return { ...composition, bytes };
}

/** Checks bytes against what is recorded of the creative. */
export async function check(
  { scene, copy, bytes }: Drawn,
  change: Partial<CheckSubject> = {},
  brief: CreativeBrief = mug,
): Promise<CheckResult[]> {
  const { pixels, width, height, contentType } = await pictures.decode(bytes);
  const { headline, body, cta, brandName } = copy;
  return checkCreative({
    format: scene.format,
    file: { bytes: bytes.length, contentType, width, height },
    pixels,
    texts: { headline, body, cta, brandName },
    brandColors: brief.brand.colors,
    blocks: scene.blocks,
    ...change,
  });
}

/** Ids of failed checks. */
export function failed(results: readonly CheckResult[]): string[] {
  return results.filter(({ status }) => status === 'failed').map(({ id }) => id);
}
