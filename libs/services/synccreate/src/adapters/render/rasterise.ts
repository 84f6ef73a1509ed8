import { renderAsync } from '@resvg/resvg-js';
import { textTree, type PhotoSlot, type Scene } from '@kiki/studio';
import satori from 'satori';
import type { FontFile } from './fonts.js';

/** Uncompressed picture: RGBA, 8 bits, rows from the top. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly pixels: Buffer;
}

/** A photo that was cut to its slot's size. */
export interface PlacedPhoto {
  readonly png: Uint8Array;
}

type SatoriNode = Parameters<typeof satori>[0];

/** The scene's texts as outlines: an SVG document without a single font reference. */
export async function textOutlines(scene: Scene, fonts: readonly FontFile[]): Promise<string> {
  return satori(textTree(scene) as SatoriNode, {
    width: scene.width,
    height: scene.height,
    fonts: [...fonts],
  });
}

/** Draws a scene to pixels, off the event loop. */
export async function rasterise(
  scene: Scene,
  fonts: readonly FontFile[],
  photo?: PlacedPhoto,
): Promise<Raster> {
  const { width, height } = scene;
  const picture = scene.photo && photo ? photoElement(scene.photo, photo) : '';
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"` +
    ` width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
    `${scene.under}${picture}${scene.over}${await textOutlines(scene, fonts)}</svg>`;
  const image = await renderAsync(svg, { font: { loadSystemFonts: false }, logLevel: 'off' });
  return { width: image.width, height: image.height, pixels: image.pixels };
}

function photoElement({ box, radius }: PhotoSlot, { png }: PlacedPhoto): string {
  const at = `x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}"`;
  return (
    `<defs><clipPath id="photo"><rect ${at} rx="${radius}"/></clipPath></defs>` +
    `<image ${at} clip-path="url(#photo)" preserveAspectRatio="xMidYMid slice"` +
    ` xlink:href="data:image/png;base64,${Buffer.from(png).toString('base64')}"/>`
  );
}
