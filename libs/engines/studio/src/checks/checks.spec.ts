/**
 * Goal: each measurement says what is in the pixels. Method: pictures painted by hand, whose contrast, colours and ink are known.
 */
import { describe, expect, it } from '@jest/globals';
import { rgb8, type Rgb8 } from '../color.js';
import { FORMATS } from '../format.js';
import type { Box } from '../geometry.js';
import type { TextBlock } from '../scene.js';
import { findBrandColor } from './brand-color.js';
import { measureContrast } from './contrast.js';
import { checkBlank, checkFile } from './file-checks.js';
import { inkOutside } from './overflow.js';
import { HASH_SIDE, hashDistance, perceptualHash } from './perceptual-hash.js';
import { checkSafeZone } from './picture-checks.js';
import type { Pixels } from './pixels.js';
import { checkTextLength } from './text-checks.js';

/** A plain picture and a brush. */
function canvas(width: number, height: number, ground: string) {
  const data = new Uint8Array(3 * width * height);
  const fill = ({ x, y, width: w, height: h }: Box, [r, g, b]: Rgb8): void => {
    for (let j = y; j < y + h; j++) {
      for (let i = x; i < x + w; i++) data.set([r, g, b], 3 * (j * width + i));
    }
  };
  fill({ x: 0, y: 0, width, height }, rgb8(ground));
  const pixels: Pixels = { width, height, data };
  return { pixels, fill };
}

const box = (x: number, y: number, width: number, height: number): Box => ({ x, y, width, height });

const block = (area: Box, color: string): TextBlock => ({
  role: 'headline',
  text: 'III',
  lines: [{ text: 'III', box: area }],
  box: area,
  sizePx: area.height,
  leadingPx: area.height,
  weight: 700,
  tracking: 0,
  align: 'left',
  color,
  isShortened: false,
});

/** Paints stems as letters have them: 6 of every 20 pixels. */
function stems(fill: (area: Box, color: Rgb8) => void, area: Box, color: string): void {
  for (let x = area.x; x + 6 <= area.x + area.width; x += 20) {
    fill(box(x, area.y + 4, 6, area.height - 8), rgb8(color));
  }
}

describe('measureContrast', () => {
  const area = box(20, 20, 160, 40);

  it.each([
    ['#000000', '#ffffff', 21],
    ['#ffffff', '#3b82f6', 3.68],
    ['#767676', '#ffffff', 4.54],
  ])('%s on %s is %d', (ink, ground, ratio) => {
    const { pixels, fill } = canvas(200, 80, ground);
    stems(fill, area, ink);
    expect(measureContrast(pixels, block(area, ink)).ratio).toBeCloseTo(ratio, 1);
  });

  it('takes the worst place of a line', () => {
    const { pixels, fill } = canvas(200, 80, '#ffffff');
    fill(box(100, 0, 100, 80), rgb8('#808080'));
    stems(fill, area, '#000000');
    expect(measureContrast(pixels, block(area, '#000000')).ratio).toBeLessThan(6);
  });

  it('is 1 where nothing is written, whatever colour was meant', () => {
    const { pixels } = canvas(200, 80, '#ffffff');
    expect(measureContrast(pixels, block(area, '#000000')).ratio).toBe(1);
  });
});

describe('inkOutside', () => {
  const area = box(40, 40, 100, 30);

  it('sees ink that runs out of a box, not ink inside', () => {
    const { pixels, fill } = canvas(240, 120, '#ffffff');
    stems(fill, area, '#111111');
    expect(inkOutside(pixels, block(area, '#111111'), [])).toBe(0);
    fill(box(140, 44, 40, 22), rgb8('#111111'));
    expect(inkOutside(pixels, block(area, '#111111'), [])).toBeGreaterThan(0.5);
  });

  it('leaves neighbours out of account', () => {
    const { pixels, fill } = canvas(240, 120, '#ffffff');
    const neighbour = box(141, 40, 60, 30);
    fill(neighbour, rgb8('#111111'));
    expect(inkOutside(pixels, block(area, '#111111'), [neighbour])).toBe(0);
  });
});

describe('findBrandColor', () => {
  it('measures the part of the picture that has the colour, and the nearest one', () => {
    const { pixels, fill } = canvas(100, 100, '#ffffff');
    fill(box(0, 0, 100, 10), rgb8('#1d4ed8'));
    expect(findBrandColor(pixels, '#1d4ed8', 0.001)).toMatchObject({ deltaE: 0, share: 0.1 });
    const other = findBrandColor(pixels, '#16a34a', 0.001);
    expect(other.share).toBe(0);
    expect(other.deltaE).toBeGreaterThan(20);
  });
});

describe('perceptualHash', () => {
  const picture = (paint: (x: number, y: number) => number): Uint8Array =>
    Uint8Array.from({ length: HASH_SIDE ** 2 }, (_, i) =>
      paint(i % HASH_SIDE, Math.floor(i / HASH_SIDE)),
    );

  it('stays near under noise and goes far for another picture', () => {
    const wave = picture((x, y) => 128 + 100 * Math.sin(x / 5) * Math.cos(y / 7));
    const noisy = wave.map((value, i) => value + ((i * 7919) % 7) - 3);
    const other = picture((x, y) => 128 + 100 * Math.cos(x / 3 + y / 4));
    expect(hashDistance(perceptualHash(wave), perceptualHash(noisy))).toBeLessThanOrEqual(4);
    expect(hashDistance(perceptualHash(wave), perceptualHash(other))).toBeGreaterThanOrEqual(16);
    expect(perceptualHash(wave)).toMatch(/^[0-9a-f]{16}$/);
  });

  it('counts differing bits', () => {
    expect(hashDistance('0000000000000000', 'ffffffffffffffff')).toBe(64);
    expect(hashDistance('00000000000000f1', '00000000000000f0')).toBe(1);
  });
});

describe('checks of files and texts', () => {
  const format = FORMATS.tiktok_9_16;
  const file = { bytes: 1000, contentType: 'image/jpeg', width: 1080, height: 1920 };
  const failed = (results: readonly { id: string; status: string }[]): string[] =>
    results.filter(({ status }) => status === 'failed').map(({ id }) => id);

  it.each([
    [{}, []],
    [{ width: 1081 }, ['size']],
    [{ bytes: 500_001 }, ['weight']],
    [{ contentType: 'image/webp' }, ['file_type']],
  ])('%j fails %j', (change, ids) => {
    expect(failed(checkFile({ ...file, ...change }, format))).toEqual(ids);
  });

  it.each([
    [{ headline: 'Good', brandName: 'Ok' }, 'passed'],
    [{ headline: 'x'.repeat(101) }, 'failed'],
    [{ brandName: 'Q' }, 'failed'],
    [{ headline: 'Hot 🔥' }, 'failed'],
    [{ headline: 'Trade mark™' }, 'passed'],
    [{ headline: 'Use {this}' }, 'failed'],
  ])('%j is %s at TikTok', (texts, status) => {
    expect(checkTextLength(texts, format).status).toBe(status);
  });

  it('knows an empty picture', () => {
    const { pixels, fill } = canvas(100, 100, '#204060');
    expect(checkBlank(pixels).status).toBe('failed');
    fill(box(0, 0, 50, 50), rgb8('#ffffff'));
    expect(checkBlank(pixels).status).toBe('passed');
  });

  it('knows a text under the interface of the app, and says where', () => {
    const inside = block(box(100, 400, 200, 60), '#000000');
    const outside = block(box(100, 1500, 200, 60), '#000000');
    expect(checkSafeZone(format, [inside]).status).toBe('passed');
    expect(checkSafeZone(format, [inside, outside])).toMatchObject({
      status: 'failed',
      box: outside.box,
    });
    expect(checkSafeZone(format, undefined).status).toBe('skipped');
  });
});
