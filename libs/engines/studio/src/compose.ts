import { SeededRandom } from '@kiki/kernel';
import type { CreativeBrief } from './brief.js';
import { copyFor, type Copy } from './copy.js';
import { Drawing } from './draw.js';
import { FORMATS, shapeOf, type FormatId } from './format.js';
import { hash32 } from './hash.js';
import { productKindOf } from './illustration.js';
import { abstract } from './layout/abstract.js';
import type { Layout, LayoutContext } from './layout/context.js';
import { control } from './layout/control.js';
import { dataLed } from './layout/data-led.js';
import { highContrast } from './layout/high-contrast.js';
import { lifestyle } from './layout/lifestyle.js';
import { paletteOf } from './palette.js';
import type { Scene } from './scene.js';
import type { Strategy } from './strategy.js';
import { assertRenderable, cleanText, type Measurer } from './text/measure.js';

const LAYOUTS: Readonly<Record<Strategy, (ctx: LayoutContext) => Layout>> = {
  control,
  lifestyle,
  abstract,
  high_contrast: highContrast,
  data_led: dataLed,
};

/** What a creative is composed from. */
export interface ComposeOptions {
  readonly brief: CreativeBrief;
  readonly strategy: Strategy;
  readonly format: FormatId;
  readonly measurer: Measurer;
  /** Set when a product photo will be put into the scene's photo slot. */
  readonly photo?: { readonly isCutOut: boolean };
}

/** A scene and the words that go with it at the platform. */
export interface Composition {
  readonly scene: Scene;
  readonly copy: Copy;
}

/** Refuses texts that cannot be drawn. @throws text_not_renderable */
export function assertDrawable(brief: CreativeBrief, measurer: Measurer): void {
  const { product, brand } = brief;
  const texts: Record<string, string> = {
    'product.name': cleanText(product.name),
    'product.usp': cleanText(product.usp ?? ''),
    'brand.name': cleanText(brand.name),
    headline: cleanText(brief.headline ?? ''),
    cta: cleanText(brief.cta ?? ''),
    claim: cleanText(brief.claim ?? ''),
  };
  product.features.forEach((text, i) => (texts[`product.features[${i}]`] = cleanText(text)));
  assertRenderable(measurer, texts);
}

/**
 * Lays out one creative; pure: the same options give the same scene.
 * @throws text_not_renderable, claim_number_unsupported, text_does_not_fit, color_invalid
 */
export function compose({
  brief,
  strategy,
  format: id,
  measurer,
  photo,
}: ComposeOptions): Composition {
  assertDrawable(brief, measurer);
  const format = FORMATS[id];
  const palette = paletteOf(brief.brand.name, brief.brand.colors);
  const copy = copyFor(brief, strategy, format);
  const ctx: LayoutContext = {
    format,
    shape: shapeOf(format),
    unit: Math.min(format.width, format.height) / 100,
    palette,
    copy,
    kind: productKindOf(brief.product.category ?? '', brief.product.name),
    measurer,
    random: new SeededRandom((brief.seed ^ hash32(`${strategy}/${brief.product.name}`)) >>> 0),
    ...(photo ? { photo } : {}),
    under: new Drawing('u'),
    over: new Drawing('o'),
  };
  const layout = LAYOUTS[strategy](ctx);
  const scene: Scene = {
    format: id,
    strategy,
    width: format.width,
    height: format.height,
    under: ctx.under.toString(),
    ...(layout.photo ? { photo: layout.photo } : {}),
    over: ctx.over.toString(),
    blocks: layout.blocks,
    palette,
  };
  return { scene, copy };
}
