import { boxOf, type Box } from './geometry.js';

/** The five formats of the first release. */
export const FORMAT_IDS = [
  'tiktok_9_16',
  'meta_1_1',
  'meta_4_5',
  'linkedin_191_1',
  'google_rda_191_1',
] as const;

/** Name of a format as requests carry it. */
export type FormatId = (typeof FORMAT_IDS)[number];

/** Texts that go with a creative at the platform (not all are drawn into the picture). */
export type TextField = 'headline' | 'body' | 'brandName' | 'cta';

/** What a platform accepts in one placement. */
export interface Format {
  readonly id: FormatId;
  readonly platform: 'tiktok' | 'meta' | 'linkedin' | 'google';
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Largest file, bytes; TikTok's advised 500 KB rather than its limit of 100 MB. */
  readonly maxBytes: number;
  readonly contentTypes: readonly string[];
  /** Part of the picture that the platform's own interface never covers. */
  readonly safeBox: Box;
  /** Characters per text field: least and most. */
  readonly textLimits: Readonly<Record<TextField, { readonly min: number; readonly max: number }>>;
  /** Characters that the platform refuses in texts. */
  readonly forbiddenCharacters?: RegExp;
}

const IMAGES = ['image/jpeg', 'image/png'] as const;
const limits = (
  headline: number,
  body: number,
  brandName: number,
  cta = 20,
): Format['textLimits'] => ({
  headline: { min: 1, max: headline },
  body: { min: 0, max: body },
  brandName: { min: 1, max: brandName },
  cta: { min: 1, max: cta },
});

/** Sizes, bytes, safe boxes and text limits as the platforms' help pages gave them in 2026. */
export const FORMATS: Readonly<Record<FormatId, Format>> = {
  tiktok_9_16: {
    id: 'tiktok_9_16',
    platform: 'tiktok',
    width: 1080,
    height: 1920,
    maxBytes: 500_000,
    contentTypes: IMAGES,
    safeBox: boxOf(65, 269, 930, 1248),
    textLimits: { ...limits(100, 100, 20), brandName: { min: 2, max: 20 } },
    forbiddenCharacters: /[\{\}#]|\p{RGI_Emoji}|\p{Emoji_Presentation}/v,
  },
  meta_1_1: {
    id: 'meta_1_1',
    platform: 'meta',
    width: 1080,
    height: 1080,
    maxBytes: 30_000_000,
    contentTypes: IMAGES,
    safeBox: boxOf(54, 54, 1026, 1026),
    textLimits: limits(40, 125, 50),
  },
  meta_4_5: {
    id: 'meta_4_5',
    platform: 'meta',
    width: 1080,
    height: 1350,
    maxBytes: 30_000_000,
    contentTypes: IMAGES,
    safeBox: boxOf(54, 68, 1026, 1282),
    textLimits: limits(40, 125, 50),
  },
  linkedin_191_1: {
    id: 'linkedin_191_1',
    platform: 'linkedin',
    width: 1200,
    height: 628,
    maxBytes: 5_000_000,
    contentTypes: IMAGES,
    safeBox: boxOf(48, 40, 1152, 588),
    textLimits: limits(70, 150, 50),
  },
  google_rda_191_1: {
    id: 'google_rda_191_1',
    platform: 'google',
    width: 1200,
    height: 628,
    maxBytes: 5_120_000,
    contentTypes: IMAGES,
    safeBox: boxOf(60, 40, 1140, 588),
    textLimits: limits(30, 90, 25),
  },
};

/** How a layout arranges its parts: stacked in tall and portrait pictures, side by side in square and wide ones. */
export type Shape = 'tall' | 'portrait' | 'square' | 'wide';

/** The shape class of a format. */
export function shapeOf(format: Format): Shape {
  const ratio = format.width / format.height;
  if (ratio < 0.7) return 'tall';
  if (ratio < 0.95) return 'portrait';
  return ratio > 1.3 ? 'wide' : 'square';
}
