import sharp from 'sharp';

/** One picture of a contact sheet. */
export interface SheetImage {
  /** An encoded image. */
  readonly bytes: Uint8Array;
}

/** How a contact sheet is laid out. */
export interface SheetOptions {
  /** Pictures beside one another. @default 5 */
  readonly columns?: number;
  /** Width of a cell, pixels. @default 320 */
  readonly cellPx?: number;
  /** Space between pictures, pixels. @default 16 */
  readonly gapPx?: number;
}

/** Puts pictures into rows, each as wide as a cell and as tall as it needs, on one PNG. */
export async function composeContactSheet(
  images: readonly SheetImage[],
  options: SheetOptions = {},
): Promise<Buffer> {
  const { columns = 5, cellPx = 320, gapPx = 16 } = options;
  const cells = await Promise.all(
    images.map(async ({ bytes }) => {
      const image = sharp(bytes).resize({ width: cellPx }).png({ compressionLevel: 3 });
      const { data, info } = await image.toBuffer({ resolveWithObject: true });
      return { input: data, height: info.height };
    }),
  );
  let top = gapPx;
  const placed: { input: Buffer; left: number; top: number }[] = [];
  for (let row = 0; row < cells.length; row += columns) {
    const line = cells.slice(row, row + columns);
    line.forEach(({ input }, i) => placed.push({ input, left: gapPx + i * (cellPx + gapPx), top }));
    top += Math.max(...line.map((cell) => cell.height)) + gapPx;
  }
  const across = Math.min(columns, Math.max(1, cells.length));
  const width = gapPx + across * (cellPx + gapPx);
  return sharp({ create: { width, height: Math.max(top, 1), channels: 3, background: '#e7e9ee' } })
    .composite(placed)
    .png({ compressionLevel: 9 })
    .toBuffer();
}
