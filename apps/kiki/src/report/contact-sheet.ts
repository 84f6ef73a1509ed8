import sharp, { type OverlayOptions } from 'sharp';
import { box, toPng, typeset, type ElementNode } from './typeset.js';

/** One picture of the sheet. */
export interface ContactPicture {
  readonly variant: string;
  readonly platform: string;
  readonly width: number;
  readonly height: number;
  readonly passed: boolean;
  readonly image: Uint8Array;
}

const CELL = 220;
const GAP = 14;
const LABEL = 40;
const HEAD = 64;

interface Cell extends ContactPicture {
  readonly x: number;
  readonly y: number;
}

/** All creatives on one page: a column per platform, a row per variant, each picture whole. */
export async function contactSheet(
  title: string,
  pictures: readonly ContactPicture[],
): Promise<Buffer> {
  const platforms = [...new Set(pictures.map(({ platform }) => platform))];
  const variants = [...new Set(pictures.map(({ variant }) => variant))];
  const size = {
    width: GAP + platforms.length * (CELL + GAP),
    height: HEAD + variants.length * (CELL + LABEL + GAP),
  };
  const cells = pictures.map((picture) => ({
    ...picture,
    x: GAP + platforms.indexOf(picture.platform) * (CELL + GAP),
    y: HEAD + variants.indexOf(picture.variant) * (CELL + LABEL + GAP),
  }));
  const page = await typeset([headline(title), ...cells.flatMap(captions)], size);
  const thumbnails = await Promise.all(cells.map(thumbnail));
  return sharp(await toPng(page))
    .composite(thumbnails)
    .png({ compressionLevel: 9 })
    .toBuffer();
}

function headline(title: string): ElementNode {
  return box({ x: GAP, y: 18 }, { fontSize: 22, fontWeight: 700, color: '#1f2937' }, title);
}

function captions({ variant, platform, width, height, passed, x, y }: Cell): ElementNode[] {
  const line = (dy: number, color: string, text: string): ElementNode =>
    box(
      { x, y: y + CELL + dy, width: CELL },
      { fontSize: 12, color, justifyContent: 'center' },
      text,
    );
  return [
    box({ x, y, width: CELL, height: CELL }, { backgroundColor: '#f3f4f6' }),
    line(4, '#1f2937', `${variant} · ${platform}`),
    line(
      20,
      passed ? '#15803d' : '#b91c1c',
      `${width}×${height} · ${passed ? 'passed' : 'failed'}`,
    ),
  ];
}

async function thumbnail({ image, x, y }: Cell): Promise<OverlayOptions> {
  const { data, info } = await sharp(image)
    .resize(CELL, CELL, { fit: 'inside' })
    .png()
    .toBuffer({ resolveWithObject: true });
  return {
    input: data,
    left: x + Math.floor((CELL - info.width) / 2),
    top: y + Math.floor((CELL - info.height) / 2),
  };
}
