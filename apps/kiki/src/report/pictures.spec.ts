/**
 * Goal: chart and contact sheet show what they were given, on a machine without fonts too.
 * Method: decode the pictures and look at pixels at known places.
 */
import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { contactSheet } from './contact-sheet.js';
import { decileChartSvg, decileChartText } from './decile-chart.js';
import { toPng } from './typeset.js';

const bars = Array.from({ length: 10 }, (_, i) => ({
  decile: i + 1,
  predictedPurchases: 1000 / (i + 1),
  actualPurchases: 900 / (i + 1),
}));

async function pixel(png: Buffer, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)];
}

describe('decile chart', () => {
  it('draws predicted and actual columns as high as they are', async () => {
    const svg = await decileChartSvg(bars, 'BG/NBD');
    expect(svg).not.toContain('<text');
    const png = await toPng(svg);
    expect(await sharp(png).metadata()).toMatchObject({ width: 960, height: 540 });
    // First decile: predicted reaches the ceiling of 1,000, actual ends at 900 of it.
    expect(await pixel(png, 110, 100)).toEqual([0x93, 0xc5, 0xfd]);
    expect(await pixel(png, 135, 120)).not.toEqual([0x1d, 0x4e, 0xd8]);
    expect(await pixel(png, 135, 140)).toEqual([0x1d, 0x4e, 0xd8]);
    expect(await pixel(png, 900, 200)).toEqual([255, 255, 255]);
  });

  it('prints bars to one scale', () => {
    const lines = decileChartText(bars).split('\n');
    expect(lines[1]).toBe(` 1 predicted ${'░'.repeat(40)} 1,000`);
    expect(lines[2]).toBe(`   actual    ${'█'.repeat(36)}     900`);
    expect(lines).toHaveLength(21);
  });

  it('survives a holdout without purchases', () => {
    const empty = bars.map((bar) => ({ ...bar, predictedPurchases: 0, actualPurchases: 0 }));
    expect(decileChartText(empty).split('\n')[1]).toMatch(/ 0$/);
  });
});

describe('contact sheet', () => {
  it('places each picture in the column of its platform and the row of its variant', async () => {
    const color = async (background: string): Promise<Buffer> =>
      sharp({ create: { width: 300, height: 100, channels: 3, background } })
        .png()
        .toBuffer();
    const size = { width: 300, height: 100, passed: true };
    const sheet = await contactSheet('Creatives', [
      { variant: 'a', platform: 'p', ...size, image: await color('#ff0000') },
      { variant: 'a', platform: 'q', ...size, image: await color('#00ff00') },
      { variant: 'b', platform: 'p', ...size, image: await color('#0000ff') },
    ]);
    expect(await sharp(sheet).metadata()).toMatchObject({ width: 482, height: 612 });
    expect(await pixel(sheet, 14 + 110, 64 + 110)).toEqual([255, 0, 0]);
    expect(await pixel(sheet, 248 + 110, 64 + 110)).toEqual([0, 255, 0]);
    expect(await pixel(sheet, 14 + 110, 338 + 110)).toEqual([0, 0, 255]);
    expect(await pixel(sheet, 248 + 110, 338 + 110)).toEqual([255, 255, 255]);
  });
});
