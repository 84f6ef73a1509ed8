/**
 * Goal: the pictures are what platforms take, differ as strategies should, and are the same for the same request. Method: all 25 of a
 * brief are drawn with the real fonts, decoded and measured; odd words and photos too.
 */
import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import {
  bottom,
  compose,
  FORMAT_IDS,
  FORMATS,
  hashDistance,
  right,
  STRATEGIES,
  type CreativeBrief,
} from '@kiki/studio';
import sharp from 'sharp';
import { composeContactSheet } from './contact-sheet.js';
import { check, draw, failed, mug, pictures } from './drawn.fixture.js';

const odd: CreativeBrief = {
  product: {
    name: 'Überleichter größenverstellbarer Kinderwagen™ für Großstadtabenteurer mit Regenverdeck',
    features: [
      'Müheloses Zusammenfalten mit einer Hand 🔥',
      'Доставка за 24 часа',
      'Ξεχωριστή άνεση',
    ],
    usp: '👶 Straßentauglich, federleicht und in Sekunden verstaut',
  },
  brand: { name: 'Fußgänger & Söhne GmbH', colors: ['#111111', '#22c55e'] },
  seed: 3,
};

describe.each(FORMAT_IDS)('the five strategies for %s', (format) => {
  it.each([
    ['plain', mug],
    ['odd', odd],
  ])(
    'are of exact size and weight, pass their checks and differ: %s words',
    async (_name, brief) => {
      const hashes: string[] = [];
      for (const strategy of STRATEGIES) {
        const drawn = await draw(format, strategy, brief);
        const { width, height, contentType, perceptualHash } = await pictures.decode(drawn.bytes);
        expect([width, height]).toEqual([FORMATS[format].width, FORMATS[format].height]);
        expect(contentType).toBe('image/jpeg');
        expect(drawn.bytes.length).toBeLessThanOrEqual(FORMATS[format].maxBytes);
        expect({ strategy, failed: failed(await check(drawn, {}, brief)) }).toEqual({
          strategy,
          failed: [],
        });
        hashes.push(perceptualHash);
      }
      const distances = hashes.flatMap((a, i) =>
        hashes.slice(i + 1).map((b) => hashDistance(a, b)),
      );
      expect(Math.min(...distances)).toBeGreaterThanOrEqual(12);
    },
  );
});

describe('drawing', () => {
  it('gives the same bytes for the same request, others for another seed', async () => {
    const hash = async (brief: CreativeBrief): Promise<string> =>
      createHash('sha256')
        .update((await draw('meta_1_1', 'abstract', brief)).bytes)
        .digest('hex');
    expect(await hash(mug)).toBe(await hash(mug));
    expect(await hash({ ...mug, seed: 2 })).not.toBe(await hash(mug));
  });

  it('says inside the file how it was made', async () => {
    const { bytes } = await draw('meta_1_1', 'control');
    const { xmpAsString } = await sharp(bytes).metadata();
    expect(xmpAsString).toContain('digitalsourcetype/algorithmicMedia');
  });

  it('draws letters where it says they are', async () => {
    const { scene, bytes } = await draw('meta_1_1', 'high_contrast');
    const headline = scene.blocks.find(({ role }) => role === 'headline');
    const { x, y, width, height } = headline?.box ?? { x: 0, y: 0, width: 1, height: 1 };
    const region = {
      left: Math.round(x),
      top: Math.round(y),
      width: Math.round(width),
      height: Math.round(height),
    };
    const trimmed = await sharp(bytes)
      .extract(region)
      .trim({ threshold: 60 })
      .toBuffer({ resolveWithObject: true });
    // The widths that were measured are the widths that are drawn.
    expect(trimmed.info.width).toBeGreaterThan(0.96 * region.width);
  });
});

describe('photos', () => {
  /** A dark ball on a bright ground, off the middle. */
  const ball = sharp({ create: { width: 1600, height: 900, channels: 3, background: '#f4f1ea' } })
    .composite([
      {
        input: Buffer.from(
          '<svg width="400" height="400"><circle cx="200" cy="200" r="200" fill="#7c2d12"/></svg>',
        ),
        left: 1100,
        top: 250,
      },
    ])
    .png()
    .toBuffer();

  it.each(STRATEGIES)('stand in the slot that %s leaves for them', async (strategy) => {
    const { measurer } = pictures;
    const photo = { isCutOut: false };
    const { scene, copy } = compose({ brief: mug, strategy, format: 'meta_4_5', measurer, photo });
    const slot = scene.photo;
    if (slot === undefined) throw new Error('no slot');
    const to = { width: Math.round(slot.box.width), height: Math.round(slot.box.height) };
    const cut = await pictures.cut(await ball, to, { isCutOut: false });
    const options = {
      maxBytes: 30_000_000,
      digitalSource: 'compositeSynthetic',
      photo: cut,
    } as const;
    const { bytes } = await pictures.draw(scene, options);
    expect(failed(await check({ scene, copy, bytes }, { photo: slot.box }))).toEqual([]);
    const { pixels } = await pictures.decode(bytes);
    let brown = 0;
    for (let i = 0; i < pixels.data.length; i += 3) {
      if (Math.abs((pixels.data[i] ?? 0) - 124) < 12 && (pixels.data[i + 2] ?? 0) < 40) brown++;
    }
    expect(brown).toBeGreaterThan(0.03 * slot.box.width * slot.box.height);
    expect([right(slot.box) > 0, bottom(slot.box) > 0]).toEqual([true, true]);
  });

  it('are told from cut-outs by their edge', async () => {
    const clear = sharp({ create: { width: 300, height: 300, channels: 4, background: '#0000' } });
    const ballOnNothing = clear.composite([
      {
        input: Buffer.from(
          '<svg width="200" height="200"><circle cx="100" cy="100" r="100" fill="red"/></svg>',
        ),
      },
    ]);
    expect((await pictures.measure(await ballOnNothing.png().toBuffer())).isCutOut).toBe(true);
    expect((await pictures.measure(await ball)).isCutOut).toBe(false);
  });
});

describe('decoding', () => {
  it('refuses a small file that unpacks to too many pixels, before unpacking it', async () => {
    const bomb = await sharp({
      create: { width: 6_500, height: 6_500, channels: 3, background: '#fff' },
    })
      .png({ compressionLevel: 1 })
      .toBuffer();
    await expect(pictures.decode(bomb)).rejects.toMatchObject({ code: 'image_too_large' });
    await expect(pictures.measure(bomb)).rejects.toMatchObject({ code: 'image_too_large' });
  });

  it('measures a large picture on a smaller copy', async () => {
    const create = { width: 4000, height: 2000, channels: 3, background: '#123456' } as const;
    const { width, height, pixels } = await pictures.decode(
      await sharp({ create }).png().toBuffer(),
    );
    expect([width, height]).toEqual([4000, 2000]);
    expect(pixels.width * pixels.height).toBeLessThanOrEqual(4_010_000);
    expect(pixels.data.length).toBe(3 * pixels.width * pixels.height);
  });

  it.each([
    [
      'SVG',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      'image_type_unsupported',
    ],
    ['text', Buffer.from('hello'), 'image_type_unsupported'],
  ])('refuses %s', async (_name, bytes, code) => {
    await expect(pictures.decode(bytes)).rejects.toMatchObject({ code });
  });

  it('refuses a file that is cut off', async () => {
    const { bytes } = await draw('meta_1_1', 'control');
    await expect(pictures.decode(bytes.subarray(0, bytes.length >> 1))).rejects.toMatchObject({
      code: 'image_unreadable',
    });
  });
});

describe('composeContactSheet', () => {
  it('puts every picture into its place', async () => {
    const image = async (background: string, height: number): Promise<{ bytes: Buffer }> => ({
      bytes: await sharp({ create: { width: 100, height, channels: 3, background } })
        .png()
        .toBuffer(),
    });
    const images = [
      await image('#ff0000', 100),
      await image('#00ff00', 200),
      await image('#0000ff', 50),
    ];
    const sheet = await composeContactSheet(images, { columns: 2, cellPx: 50, gapPx: 10 });
    const { data, info } = await sharp(sheet)
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([130, 155]);
    const at = (x: number, y: number): number[] => [
      ...data.subarray(3 * (y * info.width + x)).subarray(0, 3),
    ];
    expect([at(35, 20), at(95, 100), at(35, 130)]).toEqual([
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
    ]);
  });
});
