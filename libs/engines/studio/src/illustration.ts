import { contrast, shade } from './color.js';
import type { Drawing } from './draw.js';
import type { Box } from './geometry.js';
import type { Palette } from './palette.js';

/** Shapes that stand for a product when no photo is given. */
export type ProductKind = 'box' | 'bottle' | 'bag' | 'device' | 'jar' | 'shoe' | 'mug';

const KINDS: readonly (readonly [RegExp, ProductKind])[] = [
  [/shoe|sneaker|footwear|boot|runner|running/i, 'shoe'],
  [/phone|software|saas|app\b|device|electronic|tech|laptop|tablet|audio|game/i, 'device'],
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

type Draw = (d: Drawing, s: number, x: number, y: number, p: ProductPaint) => void;

const box: Draw = (d, s, x, y, p) => {
  const front = d.linear(
    [
      [0, p.light],
      [0.5, p.body],
      [1, p.body],
    ],
    [0, 0, 1, 1],
  );
  d.path(
    ['M', x + s * 0.12, y + s * 0.34, 'L', x + s * 0.56, y + s * 0.42, 'V', y + s * 0.95].concat([
      'L',
      x + s * 0.12,
      y + s * 0.84,
      'Z',
    ]),
    { fill: front },
  );
  d.path(
    ['M', x + s * 0.56, y + s * 0.42, 'L', x + s * 0.9, y + s * 0.32, 'V', y + s * 0.82].concat([
      'L',
      x + s * 0.56,
      y + s * 0.95,
      'Z',
    ]),
    { fill: p.side },
  );
  d.path(
    ['M', x + s * 0.12, y + s * 0.34, 'L', x + s * 0.46, y + s * 0.25, 'L', x + s * 0.9].concat([
      y + s * 0.32,
      'L',
      x + s * 0.56,
      y + s * 0.42,
      'Z',
    ]),
    { fill: p.light },
  );
  d.path(
    ['M', x + s * 0.26, y + s * 0.305, 'L', x + s * 0.7, y + s * 0.379, 'V', y + s * 0.5].concat([
      'L',
      x + s * 0.77,
      y + s * 0.48,
      'V',
      y + s * 0.358,
      'L',
      x + s * 0.33,
      y + s * 0.287,
      'Z',
    ]),
    { fill: p.trim },
  );
  d.path(
    ['M', x + s * 0.19, y + s * 0.54, 'L', x + s * 0.42, y + s * 0.585, 'V', y + s * 0.76].concat([
      'L',
      x + s * 0.19,
      y + s * 0.705,
      'Z',
    ]),
    { fill: p.label },
  );
};

const bottle: Draw = (d, s, x, y, p) => {
  const glass = d.linear(
    [
      [0, p.side],
      [0.25, p.body],
      [0.45, p.light],
      [0.6, p.body],
      [1, p.side],
    ],
    [0, 0, 1, 0],
  );
  d.rect(
    { x: x + s * 0.42, y: y + s * 0.02, width: s * 0.16, height: s * 0.12 },
    { fill: p.trim },
    s * 0.02,
  );
  d.path(
    ['M', x + s * 0.435, y + s * 0.14, 'H', x + s * 0.565, 'V', y + s * 0.24, 'C', x + s * 0.565]
      .concat([
        y + s * 0.32,
        x + s * 0.7,
        y + s * 0.32,
        x + s * 0.7,
        y + s * 0.44,
        'V',
        y + s * 0.9,
      ])
      .concat(['Q', x + s * 0.7, y + s * 0.96, x + s * 0.64, y + s * 0.96, 'H', x + s * 0.36])
      .concat(['Q', x + s * 0.3, y + s * 0.96, x + s * 0.3, y + s * 0.9, 'V', y + s * 0.44])
      .concat([
        'C',
        x + s * 0.3,
        y + s * 0.32,
        x + s * 0.435,
        y + s * 0.32,
        x + s * 0.435,
        y + s * 0.24,
        'Z',
      ]),
    { fill: glass },
  );
  d.rect({ x: x + s * 0.3, y: y + s * 0.52, width: s * 0.4, height: s * 0.26 }, { fill: p.label });
  d.circle(x + s * 0.5, y + s * 0.65, s * 0.075, { fill: p.body });
  d.path(
    [
      'M',
      x + s * 0.5,
      y + s * 0.65,
      'm',
      -s * 0.075,
      0,
      'a',
      s * 0.075,
      s * 0.075,
      0,
      0,
      1,
      s * 0.15,
      0,
      'Z',
    ],
    { fill: p.trim },
  );
};

const jar: Draw = (d, s, x, y, p) => {
  const glass = d.linear(
    [
      [0, p.side],
      [0.3, p.body],
      [0.5, p.light],
      [0.7, p.body],
      [1, p.side],
    ],
    [0, 0, 1, 0],
  );
  d.rect(
    { x: x + s * 0.14, y: y + s * 0.42, width: s * 0.72, height: s * 0.52 },
    { fill: glass },
    s * 0.1,
  );
  d.rect(
    { x: x + s * 0.12, y: y + s * 0.26, width: s * 0.76, height: s * 0.18 },
    { fill: p.trim },
    s * 0.04,
  );
  d.rect(
    { x: x + s * 0.12, y: y + s * 0.38, width: s * 0.76, height: s * 0.03 },
    { fill: p.side, opacity: 0.35 },
  );
  d.rect(
    { x: x + s * 0.28, y: y + s * 0.54, width: s * 0.44, height: s * 0.28 },
    { fill: p.label },
    s * 0.03,
  );
  d.circle(x + s * 0.5, y + s * 0.68, s * 0.08, { fill: p.body });
};

const bag: Draw = (d, s, x, y, p) => {
  const cloth = d.linear(
    [
      [0, p.light],
      [0.4, p.body],
      [1, p.body],
    ],
    [0, 0, 1, 1],
  );
  d.path(
    ['M', x + s * 0.36, y + s * 0.32, 'V', y + s * 0.22, 'A', s * 0.14, s * 0.14, 0, 0, 1].concat([
      x + s * 0.64,
      y + s * 0.22,
      'V',
      y + s * 0.32,
    ]),
    { stroke: p.trim, strokeWidth: s * 0.032 },
  );
  d.path(
    ['M', x + s * 0.18, y + s * 0.3, 'H', x + s * 0.82, 'L', x + s * 0.88, y + s * 0.95].concat([
      'H',
      x + s * 0.12,
      'Z',
    ]),
    { fill: cloth },
  );
  d.path(
    ['M', x + s * 0.7, y + s * 0.3, 'H', x + s * 0.82, 'L', x + s * 0.88, y + s * 0.95].concat([
      'H',
      x + s * 0.74,
      'Z',
    ]),
    { fill: p.side, opacity: 0.5 },
  );
  d.circle(x + s * 0.46, y + s * 0.62, s * 0.13, { fill: p.label });
  d.path(['M', x + s * 0.33, y + s * 0.62, 'a', s * 0.13, s * 0.13, 0, 0, 0, s * 0.26, 0, 'Z'], {
    fill: p.trim,
  });
};

const device: Draw = (d, s, x, y, p) => {
  const screen = d.linear(
    [
      [0, p.light],
      [0.6, p.body],
      [1, p.side],
    ],
    [0, 0, 1, 1],
  );
  d.rect(
    { x: x + s * 0.25, y: y + s * 0.02, width: s * 0.5, height: s * 0.94 },
    { fill: '#10131a' },
    s * 0.08,
  );
  d.rect(
    { x: x + s * 0.275, y: y + s * 0.045, width: s * 0.45, height: s * 0.89 },
    { fill: screen },
    s * 0.06,
  );
  d.rect(
    { x: x + s * 0.43, y: y + s * 0.065, width: s * 0.14, height: s * 0.032 },
    { fill: '#10131a' },
    s * 0.016,
  );
  d.rect(
    { x: x + s * 0.32, y: y + s * 0.2, width: s * 0.36, height: s * 0.24 },
    { fill: p.label },
    s * 0.03,
  );
  const bars = [0.08, 0.13, 0.1, 0.17];
  bars.forEach((h, i) => {
    const bar = {
      x: x + s * (0.36 + i * 0.075),
      y: y + s * (0.41 - h),
      width: s * 0.045,
      height: s * h,
    };
    d.rect(bar, { fill: i === 3 ? p.trim : p.body }, s * 0.01);
  });
  for (let i = 0; i < 3; i++) {
    const row = { x: x + s * 0.32, y: y + s * (0.5 + i * 0.13), width: s * 0.36, height: s * 0.09 };
    d.rect(row, { fill: p.label, opacity: 0.85 - i * 0.2 }, s * 0.025);
  }
};

const shoe: Draw = (d, s, x, y, p) => {
  const upper = d.linear(
    [
      [0, p.light],
      [0.45, p.body],
      [1, p.side],
    ],
    [0, 0, 0.6, 1],
  );
  d.path(
    [
      'M',
      x + s * 0.05,
      y + s * 0.4,
      'C',
      x + s * 0.1,
      y + s * 0.36,
      x + s * 0.16,
      y + s * 0.42,
      x + s * 0.24,
    ]
      .concat([
        y + s * 0.4,
        'C',
        x + s * 0.32,
        y + s * 0.38,
        x + s * 0.34,
        y + s * 0.3,
        x + s * 0.4,
        y + s * 0.3,
      ])
      .concat([
        'C',
        x + s * 0.5,
        y + s * 0.46,
        x + s * 0.62,
        y + s * 0.55,
        x + s * 0.82,
        y + s * 0.58,
      ])
      .concat([
        'C',
        x + s * 0.93,
        y + s * 0.6,
        x + s * 0.97,
        y + s * 0.66,
        x + s * 0.96,
        y + s * 0.74,
      ])
      .concat([
        'H',
        x + s * 0.04,
        'C',
        x + s * 0.02,
        y + s * 0.6,
        x + s * 0.07,
        y + s * 0.52,
        x + s * 0.05,
        y + s * 0.4,
        'Z',
      ]),
    { fill: upper },
  );
  d.path(
    [
      'M',
      x + s * 0.03,
      y + s * 0.72,
      'H',
      x + s * 0.965,
      'Q',
      x + s * 0.99,
      y + s * 0.84,
      x + s * 0.9,
    ].concat([
      y + s * 0.85,
      'H',
      x + s * 0.1,
      'Q',
      x + s * 0.02,
      y + s * 0.84,
      x + s * 0.03,
      y + s * 0.72,
      'Z',
    ]),
    { fill: p.label },
  );
  d.path(['M', x + s * 0.06, y + s * 0.79, 'H', x + s * 0.955], {
    stroke: p.trim,
    strokeWidth: s * 0.022,
  });
  d.path(
    [
      'M',
      x + s * 0.3,
      y + s * 0.7,
      'C',
      x + s * 0.4,
      y + s * 0.68,
      x + s * 0.46,
      y + s * 0.58,
      x + s * 0.5,
      y + s * 0.5,
    ].concat([
      'L',
      x + s * 0.57,
      y + s * 0.54,
      'C',
      x + s * 0.54,
      y + s * 0.62,
      x + s * 0.46,
      y + s * 0.71,
      x + s * 0.3,
      y + s * 0.7,
      'Z',
    ]),
    { fill: p.trim },
  );
  for (let i = 0; i < 4; i++) {
    const [lx, ly] = [x + s * (0.43 + i * 0.062), y + s * (0.355 + i * 0.046)];
    d.path(['M', lx, ly, 'l', -s * 0.06, s * 0.045], { stroke: p.label, strokeWidth: s * 0.017 });
  }
};

const mug: Draw = (d, s, x, y, p) => {
  const glaze = d.linear(
    [
      [0, p.light],
      [0.35, p.body],
      [1, p.side],
    ],
    [0, 0, 1, 0],
  );
  d.path(
    [
      'M',
      x + s * 0.7,
      y + s * 0.5,
      'h',
      s * 0.06,
      'a',
      s * 0.13,
      s * 0.13,
      0,
      0,
      1,
      0,
      s * 0.26,
      'h',
      -s * 0.08,
    ],
    { stroke: p.body, strokeWidth: s * 0.06 },
  );
  d.path(
    [
      'M',
      x + s * 0.14,
      y + s * 0.38,
      'H',
      x + s * 0.74,
      'V',
      y + s * 0.82,
      'Q',
      x + s * 0.74,
      y + s * 0.94,
    ].concat([
      x + s * 0.62,
      y + s * 0.94,
      'H',
      x + s * 0.26,
      'Q',
      x + s * 0.14,
      y + s * 0.94,
      x + s * 0.14,
      y + s * 0.82,
      'Z',
    ]),
    { fill: glaze },
  );
  d.ellipse(x + s * 0.44, y + s * 0.38, s * 0.3, s * 0.055, { fill: p.side });
  d.ellipse(x + s * 0.44, y + s * 0.39, s * 0.26, s * 0.04, { fill: '#3b2417' });
  d.circle(x + s * 0.42, y + s * 0.66, s * 0.12, { fill: p.label });
  d.path(['M', x + s * 0.3, y + s * 0.66, 'a', s * 0.12, s * 0.12, 0, 0, 0, s * 0.24, 0, 'Z'], {
    fill: p.trim,
  });
  for (const [dx, h] of [
    [0.34, 0.2],
    [0.46, 0.27],
  ] as const) {
    d.path(
      [
        'M',
        x + s * dx,
        y + s * 0.3,
        'c',
        -s * 0.06,
        -s * h * 0.35,
        s * 0.06,
        -s * h * 0.6,
        0,
        -s * h,
      ],
      { stroke: p.light, strokeWidth: s * 0.024, opacity: 0.7 },
    );
  }
};

const DRAWINGS: Readonly<Record<ProductKind, Draw>> = { box, bottle, bag, device, jar, shoe, mug };

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
  const ground = kind === 'shoe' ? 0.85 : 0.95;
  drawing.shadow(
    x + side / 2,
    y + side * ground,
    side * 0.5,
    side * 0.075,
    shadow.color,
    shadow.opacity,
  );
  DRAWINGS[kind](drawing, side, x, y, paint);
}
