import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import satori from 'satori';
import sharp from 'sharp';

/** An element as satori takes it: plain data, no framework. */
export interface ElementNode {
  readonly type: 'div';
  readonly props: {
    readonly style: Readonly<Record<string, string | number>>;
    readonly children?: string | readonly ElementNode[];
  };
}

/** Size of a picture, pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** A box at a fixed place; its text, if any, starts at its top left corner. */
export function box(
  place: {
    readonly x: number;
    readonly y: number;
    readonly width?: number;
    readonly height?: number;
  },
  style: Readonly<Record<string, string | number>>,
  children?: string | readonly ElementNode[],
): ElementNode {
  const { x, y, width, height } = place;
  return {
    type: 'div',
    props: {
      style: {
        position: 'absolute',
        display: 'flex',
        left: x,
        top: y,
        ...(width === undefined ? {} : { width }),
        ...(height === undefined ? {} : { height }),
        ...style,
      },
      ...(children === undefined ? {} : { children }),
    },
  };
}

let fonts:
  Promise<{ name: string; data: Buffer; weight: 400 | 700; style: 'normal' }[]> | undefined;

function loadFonts(): NonNullable<typeof fonts> {
  const require = createRequire(import.meta.url);
  fonts ??= Promise.all(
    ([400, 700] as const).map(async (weight) => ({
      name: 'Inter',
      data: await readFile(
        require.resolve(`@fontsource/inter/files/inter-latin-${weight}-normal.woff`),
      ),
      weight,
      style: 'normal' as const,
    })),
  );
  return fonts;
}

/** Boxes as an SVG whose texts are outlines, so that it looks the same on a machine without fonts. */
export async function typeset(boxes: readonly ElementNode[], size: PictureSize): Promise<string> {
  const root = box(
    { x: 0, y: 0, ...size },
    { backgroundColor: '#ffffff', fontFamily: 'Inter' },
    boxes,
  );
  return satori(root, { ...size, fonts: await loadFonts() });
}

/** A drawing as PNG bytes. */
export function toPng(svg: string): Promise<Buffer> {
  return sharp(Buffer.from(svg)).png({ compressionLevel: 9 }).toBuffer();
}
