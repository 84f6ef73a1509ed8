/**
 * Goal: each check fails for its own reason and for no other. Method: a good creative passes all; then one thing at a time is spoilt, in
 * the file's pixels or in what is said beside it, and exactly one check fails.
 */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { FORMATS, rgb8, type TextBlock } from '@kiki/studio';
import sharp from 'sharp';
import { check, draw, drawComposed, failed, mug, type Drawn } from './drawn.fixture.js';

const FORMAT = 'tiktok_9_16';
let good: Drawn;

beforeAll(async () => {
  good = await draw(FORMAT, 'control');
});

const blockOf = (role: TextBlock['role']): TextBlock => {
  const block = good.scene.blocks.find((each) => each.role === role);
  if (block === undefined) throw new Error(`no ${role}`);
  return block;
};

/** Lays plain boxes over the picture. */
async function paint(
  areas: readonly { box: TextBlock['box']; fill: string; opacity?: number }[],
): Promise<Drawn> {
  const { width, height } = FORMATS[FORMAT];
  const shapes = areas.map(
    ({ box, fill, opacity = 1 }) =>
      `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" fill="${fill}" opacity="${opacity}"/>`,
  );
  const svg = Buffer.from(`<svg width="${width}" height="${height}">${shapes.join('')}</svg>`);
  const image = sharp(good.bytes).composite([{ input: svg }]);
  return {
    ...good,
    bytes: await image.jpeg({ quality: 92, chromaSubsampling: '4:4:4' }).toBuffer(),
  };
}

/** Every pixel of the brand's colour becomes another of the same lightness. */
async function withoutBrandColor(): Promise<Drawn> {
  const { data, info } = await sharp(good.bytes)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const [r, g, b] = rgb8('#3b82f6');
  for (let i = 0; i < data.length; i += 3) {
    const d = Math.hypot((data[i] ?? 0) - r, (data[i + 1] ?? 0) - g, (data[i + 2] ?? 0) - b);
    if (d < 40) data.set([0, 150, 120], i);
  }
  const { width, height } = info;
  const image = sharp(data, { raw: { width, height, channels: 3 } });
  return {
    ...good,
    bytes: await image.jpeg({ quality: 92, chromaSubsampling: '4:4:4' }).toBuffer(),
  };
}

/** Moves the headline up, out of the part that the app leaves free, in the picture and in the record. */
async function withHeadlineOutside(): Promise<Drawn> {
  const blocks = good.scene.blocks.map((block) =>
    block.role === 'headline' ? moved(block, -(block.box.y - 40)) : block,
  );
  return drawComposed({ copy: good.copy, scene: { ...good.scene, blocks } });
}

function moved(block: TextBlock, dy: number): TextBlock {
  const move = <T extends TextBlock['box']>(box: T): T => ({ ...box, y: box.y + dy });
  const lines = block.lines.map((line) => ({ ...line, box: move(line.box) }));
  return { ...block, box: move(block.box), lines };
}

/** The headline says more than its box was measured for. */
async function withLongerHeadline(): Promise<Drawn> {
  const blocks = good.scene.blocks.map((block) => {
    if (block.role !== 'headline') return block;
    const lines = block.lines.map((line) => ({ ...line, text: `${line.text}MMMM` }));
    return { ...block, lines };
  });
  const drawn = await drawComposed({ copy: good.copy, scene: { ...good.scene, blocks } });
  return { ...drawn, scene: good.scene };
}

const texts = (change: object): object => {
  const { headline, body, cta, brandName } = good.copy;
  return { texts: { headline, body, cta, brandName, ...change } };
};

describe('a good creative', () => {
  it('passes everything and skips nothing', async () => {
    const results = await check(good);
    expect(results.map(({ id, status }) => [id, status])).toEqual([
      ['file_type', 'passed'],
      ['size', 'passed'],
      ['weight', 'passed'],
      ['text_length', 'passed'],
      ['prohibited_terms', 'passed'],
      ['contrast', 'passed'],
      ['brand_color', 'passed'],
      ['text_overflow', 'passed'],
      ['safe_zone', 'passed'],
    ]);
  });
});

describe('a spoilt copy fails exactly its own check', () => {
  const table: readonly (readonly [string, string, () => Promise<[Drawn, object?]>])[] = [
    [
      'file_type',
      'another format',
      async () => [
        { ...good, bytes: await sharp(good.bytes).webp({ lossless: true, effort: 0 }).toBuffer() },
      ],
    ],
    [
      'size',
      'one row is missing',
      async () => {
        const { width, height } = FORMATS[FORMAT];
        const region = { left: 0, top: 0, width, height: height - 1 };
        return [
          {
            ...good,
            bytes: await sharp(good.bytes).extract(region).jpeg({ quality: 92 }).toBuffer(),
          },
        ];
      },
    ],
    [
      'weight',
      'bytes behind the picture',
      async () => [{ ...good, bytes: Buffer.concat([good.bytes, Buffer.alloc(500_000)]) }],
    ],
    [
      'text_length',
      'a headline of 101 characters',
      async () => [good, texts({ headline: 'x'.repeat(101) })],
    ],
    [
      'text_length',
      'a brand name with an emoji',
      async () => [good, texts({ brandName: 'Nord 🔥' })],
    ],
    ['prohibited_terms', 'a guarantee', async () => [good, texts({ body: 'Guaranteed to work' })]],
    [
      'prohibited_terms',
      'a drawn cure',
      async () => {
        const blocks = good.scene.blocks.map((block) =>
          block.role === 'body' ? { ...block, text: 'Cures tiredness' } : block,
        );
        return [good, { blocks }];
      },
    ],
    [
      'contrast',
      'the headline fades',
      async () => {
        const { box } = blockOf('headline');
        return [
          await paint([
            {
              box: { ...box, x: box.x - 4, width: box.width + 8 },
              fill: good.scene.palette.paper,
              opacity: 0.75,
            },
          ]),
        ];
      },
    ],
    [
      'contrast',
      'the button text is gone',
      async () => {
        return [await paint([{ box: blockOf('cta').box, fill: good.scene.palette.primary }])];
      },
    ],
    ['brand_color', 'another brand', async () => [await withoutBrandColor()]],
    ['text_overflow', 'a line runs out of its box', async () => [await withLongerHeadline()]],
    [
      'safe_zone',
      'the headline stands under the app’s own buttons',
      async () => [await withHeadlineOutside()],
    ],
  ];

  it.each(table)('%s: %s', async (id, _how, spoil) => {
    const [spoilt, change] = await spoil();
    const results = await check(spoilt, change);
    expect(failed(results)).toEqual([id]);
    const result = results.find((each) => each.id === id);
    expect(result?.detail).not.toBe('');
  });

  it('covers every check of a creative', () => {
    expect(new Set(table.map(([id]) => id)).size).toBe(9);
    expect(mug.brand.colors).toEqual(['#3b82f6']);
  });
});
