import { contrast, shade } from './color.js';
import type { Drawing } from './draw.js';
import type { Box } from './geometry.js';
import type { Palette } from './palette.js';

/** Shapes that stand for a product when no photo is given. */
export type ProductKind =
  'box' | 'bottle' | 'bag' | 'device' | 'headphones' | 'jar' | 'shoe' | 'mug';

const KINDS: readonly (readonly [RegExp, ProductKind])[] = [
  [/shoe|sneaker|footwear|boot|runner|running/i, 'shoe'],
  [/headphone|headset|earphone|earbud|audio|hi-?fi/i, 'headphones'],
  [/phone|software|saas|app\b|device|electronic|tech|laptop|tablet|game/i, 'device'],
  [/coffee|tea\b|mug|cocoa|kitchen/i, 'mug'],
  [/bottle|drink|water|juice|wine|oil|shampoo|perfume|cleaner|soap/i, 'bottle'],
  [/cream|skin|cosmetic|beauty|jam|honey|supplement|vitamin|candle/i, 'jar'],
  [/fashion|cloth|apparel|shirt|dress|jewel|accessor|gift|retail|shop/i, 'bag'],
];

/** Picks the shape by the words of category and name; a parcel when none fits. */
export function productKindOf(category: string, name: string): ProductKind {
  const text = `${category} ${name}`;
  return KINDS.find(([words]) => words.test(text))?.[1] ?? 'box';
}

/** Colours of an illustrated product. */
export interface ProductPaint {
  readonly body: string;
  readonly side: string;
  readonly light: string;
  readonly label: string;
  readonly trim: string;
}

/** The product in the brand's colours; `on` is the colour behind it, from which it must stand out. */
export function productPaint(palette: Palette, on: string): ProductPaint {
  const stands = contrast(palette.primary, on) >= 1.6;
  const body = stands ? palette.primary : palette.paper;
  return {
    body,
    side: shade(body, { l: stands ? 0.42 : 0.85 }),
    light: stands ? shade(palette.primary, { l: 0.8 }) : '#ffffff',
    label: stands ? palette.paper : palette.primary,
    trim: palette.accent,
  };
}

/** Draws into a square of 100 × 100. */
type Draw = (d: Drawing, p: ProductPaint) => void;

/** Light from the left over a round body. */
const round = (d: Drawing, p: ProductPaint): string =>
  d.linear(
    [
      [0, p.side],
      [0.22, p.body],
      [0.4, p.light],
      [0.58, p.body],
      [1, p.side],
    ],
    [0, 0, 1, 0],
  );

/** A round badge on a label: a disc with its upper half in the trim colour. */
function badge(d: Drawing, x: number, y: number, r: number, [disc, half]: [string, string]): void {
  d.circle(x, y, r, { fill: disc });
  d.shape(`M${x - r} ${y}a${r} ${r} 0 0 1 ${2 * r} 0Z`, { fill: half });
}

const box: Draw = (d, p) => {
  const front = d.linear(
    [
      [0, p.light],
      [0.5, p.body],
      [1, p.body],
    ],
    [0, 0, 1, 1],
  );
  d.shape('M12 34L56 42V95L12 84Z', { fill: front });
  d.shape('M56 42L90 32V82L56 95Z', { fill: p.side });
  d.shape('M12 34L46 25L90 32L56 42Z', { fill: p.light });
  d.shape('M26 30.5L70 37.9V50L77 48V35.8L33 28.7Z', { fill: p.trim });
  d.shape('M19 54L42 58.5V76L19 70.5Z', { fill: p.label });
};

const bottle: Draw = (d, p) => {
  d.rect({ x: 42, y: 2, width: 16, height: 12 }, { fill: p.trim }, 2);
  d.rect({ x: 42, y: 10.5, width: 16, height: 2 }, { fill: p.side, opacity: 0.35 });
  d.shape(
    'M43.5 14H56.5V24C56.5 32 70 32 70 44V90Q70 96 64 96H36Q30 96 30 90V44C30 32 43.5 32 43.5 24Z',
    { fill: round(d, p) },
  );
  d.rect({ x: 30, y: 52, width: 40, height: 26 }, { fill: p.label });
  badge(d, 50, 65, 7.5, [p.body, p.trim]);
};

const jar: Draw = (d, p) => {
  d.rect({ x: 14, y: 42, width: 72, height: 52 }, { fill: round(d, p) }, 10);
  d.rect({ x: 12, y: 26, width: 76, height: 18 }, { fill: p.trim }, 4);
  d.rect({ x: 12, y: 38, width: 76, height: 3 }, { fill: p.side, opacity: 0.35 });
  d.rect({ x: 28, y: 54, width: 44, height: 28 }, { fill: p.label }, 3);
  badge(d, 50, 68, 8, [p.body, p.trim]);
};

const bag: Draw = (d, p) => {
  const cloth = d.linear(
    [
      [0, p.light],
      [0.4, p.body],
      [1, p.body],
    ],
    [0, 0, 1, 1],
  );
  d.shape('M36 32V22A14 14 0 0 1 64 22V32', { stroke: p.trim, strokeWidth: 3.2 });
  d.shape('M18 30H82L88 95H12Z', { fill: cloth });
  d.shape('M70 30H82L88 95H74Z', { fill: p.side, opacity: 0.5 });
  badge(d, 46, 62, 13, [p.label, p.trim]);
};

const device: Draw = (d, p) => {
  const screen = d.linear(
    [
      [0, p.light],
      [0.6, p.body],
      [1, p.side],
    ],
    [0, 0, 1, 1],
  );
  d.rect({ x: 25, y: 2, width: 50, height: 94 }, { fill: '#10131a' }, 8);
  d.rect({ x: 27.5, y: 4.5, width: 45, height: 89 }, { fill: screen }, 6);
  d.rect({ x: 43, y: 6.5, width: 14, height: 3.2 }, { fill: '#10131a' }, 1.6);
  d.rect({ x: 32, y: 20, width: 36, height: 24 }, { fill: p.label }, 3);
  [8, 13, 10, 17].forEach((height, i) => {
    const bar = { x: 36 + i * 7.5, y: 41 - height, width: 4.5, height };
    d.rect(bar, { fill: i === 3 ? p.trim : p.body }, 1);
  });
  for (let i = 0; i < 3; i++) {
    const row = { x: 32, y: 50 + i * 13, width: 36, height: 9 };
    d.rect(row, { fill: p.label, opacity: 0.85 - i * 0.2 }, 2.5);
  }
};

const shoe: Draw = (d, p) => {
  const upper = d.linear(
    [
      [0, p.light],
      [0.45, p.body],
      [1, p.side],
    ],
    [0, 0, 0.6, 1],
  );
  d.shape(
    'M5 40C10 36 16 42 24 40C32 38 34 30 40 30C50 46 62 55 82 58C93 60 97 66 96 74H4C2 60 7 52 5 40Z',
    { fill: upper },
  );
  d.shape('M3 72H96.5Q99 84 90 85H10Q2 84 3 72Z', { fill: p.label });
  d.shape('M6 79H95.5', { stroke: p.trim, strokeWidth: 2.2 });
  d.shape('M30 70C40 68 46 58 50 50L57 54C54 62 46 71 30 70Z', { fill: p.trim });
  for (let i = 0; i < 4; i++) {
    d.shape(`M${43 + i * 6.2} ${35.5 + i * 4.6}l-6 4.5`, { stroke: p.label, strokeWidth: 1.7 });
  }
};

const mug: Draw = (d, p) => {
  const glaze = d.linear(
    [
      [0, p.light],
      [0.35, p.body],
      [1, p.side],
    ],
    [0, 0, 1, 0],
  );
  d.shape('M70 50h6a13 13 0 0 1 0 26h-8', { stroke: p.body, strokeWidth: 6 });
  d.shape('M14 38H74V82Q74 94 62 94H26Q14 94 14 82Z', { fill: glaze });
  d.ellipse(44, 38, 30, 5.5, { fill: p.side });
  d.ellipse(44, 39, 26, 4, { fill: '#3b2417' });
  badge(d, 42, 66, 12, [p.label, p.trim]);
  const steam = { stroke: p.light, strokeWidth: 2.4, opacity: 0.7 };
  d.shape('M34 30c-6 -7 6 -12 0 -20', steam);
  d.shape('M46 30c-6 -9.45 6 -16.2 0 -27', steam);
};

/** A cup of headphones as seen from the side of the other: shell, cushion, ring. */
function earCup(d: Drawing, p: ProductPaint, x: number, inward: 1 | -1): void {
  const shell = d.linear(
    [
      [0, p.light],
      [0.35, p.body],
      [1, p.side],
    ],
    [0, 0, 1, 1],
  );
  d.rect({ x: x + inward * 7 - 6.5, y: 52, width: 13, height: 36 }, { fill: '#10131a' }, 6.5);
  d.rect({ x: x - 9, y: 50, width: 18, height: 40 }, { fill: shell }, 9);
  d.rect({ x: x - 4, y: 58, width: 8, height: 24 }, { fill: p.trim }, 4);
  d.rect({ x: x - 1.8, y: 63, width: 3.6, height: 14 }, { fill: p.label, opacity: 0.9 }, 1.8);
}

const headphones: Draw = (d, p) => {
  d.shape('M18 58V50A32 32 0 0 1 82 50V58', { stroke: p.side, strokeWidth: 8 });
  d.shape('M18 58V50A32 32 0 0 1 82 50V58', { stroke: p.body, strokeWidth: 5.5 });
  d.shape('M30 25.5A32 32 0 0 1 70 25.5', { stroke: p.light, strokeWidth: 5.5 });
  earCup(d, p, 18, 1);
  earCup(d, p, 82, -1);
};

const DRAWINGS: Readonly<Record<ProductKind, Draw>> = {
  box,
  bottle,
  bag,
  device,
  headphones,
  jar,
  shoe,
  mug,
};

/** Draws the product as large as it fits into `area`, standing on a soft shadow. */
export function drawProduct(
  drawing: Drawing,
  kind: ProductKind,
  area: Box,
  paint: ProductPaint,
  shadow: { color: string; opacity: number },
): void {
  const side = Math.min(area.width, area.height);
  const x = area.x + (area.width - side) / 2;
  const y = area.y + (area.height - side) / 2;
  drawing.within(x, y, side / 100, (d) => {
    d.shadow(50, kind === 'shoe' ? 85 : 95, 50, 7.5, shadow.color, shadow.opacity);
    DRAWINGS[kind](d, paint);
  });
}
