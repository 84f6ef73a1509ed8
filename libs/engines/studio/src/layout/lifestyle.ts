import { shade } from '../color.js';
import { boxOf, inset, type Box } from '../geometry.js';
import { drawProduct, productPaint } from '../illustration.js';
import { textOn } from '../palette.js';
import { column } from './column.js';
import type { Layout, LayoutContext } from './context.js';
import { action, body, brandHeight, brandRow, headline } from './parts.js';

interface Areas {
  readonly card: Box;
  readonly product: Box;
}

function areasOf({ format, shape }: LayoutContext): Areas {
  const { safeBox: s } = format;
  switch (shape) {
    case 'tall':
      return { card: boxOf(40, 716, 955, 1290), product: boxOf(250, 80, 830, 660) };
    case 'portrait':
      return { card: boxOf(s.x - 14, 800, 1040, 1292), product: boxOf(260, 150, 820, 710) };
    case 'square':
      return { card: boxOf(s.x - 14, 560, 1040, 1040), product: boxOf(330, 90, 750, 510) };
    case 'wide':
      return { card: boxOf(540, 40, 1160, 588), product: boxOf(70, 150, 470, 550) };
  }
}

/** A line of hills across the picture. */
function hills(ctx: LayoutContext, level: number, swing: number, fill: string): void {
  const { width, height } = ctx.format;
  const phase = ctx.random.nextDouble() * 6;
  const waves = 1.2 + ctx.random.nextDouble() * 1.6;
  const points: (string | number)[] = ['M', 0, height, 'L', 0, level];
  for (let i = 0; i <= 40; i++) {
    const t = i / 40;
    const wave = Math.sin(phase + t * waves * Math.PI * 2) + 0.4 * Math.sin(phase * 2 + t * 9);
    points.push('L', t * width, level + wave * swing);
  }
  ctx.under.path([...points, 'L', width, height, 'Z'], { fill });
}

function scenery(ctx: LayoutContext, ground: number): void {
  const { under, palette: p, unit: u, random, format } = ctx;
  const { width, height } = format;
  const sky = under.linear([
    [0, shade(p.primary, { l: 0.62, chromaFactor: 0.75 })],
    [0.55, shade(p.accent, { l: 0.84, c: 0.07 })],
    [1, shade(p.accent, { l: 0.93, c: 0.05 })],
  ]);
  under.rect({ x: 0, y: 0, width, height }, { fill: sky });
  const sunX = width * (0.22 + random.nextDouble() * 0.56);
  under.glow(sunX, ground - u * 22, u * 46, '#fff6e0', 0.85);
  under.circle(sunX, ground - u * 22, u * 11, { fill: '#fff4d6', opacity: 0.95 });
  hills(ctx, ground - u * 9, u * 3.4, shade(p.primary, { l: 0.72, chromaFactor: 0.5 }));
  hills(ctx, ground - u * 3, u * 2.6, shade(p.primary, { l: 0.58, chromaFactor: 0.65 }));
  hills(ctx, ground + u * 4, u * 1.8, shade(p.primary, { l: 0.44, chromaFactor: 0.7 }));
  // A tall picture goes on below the card: nearer hills, each darker than the last.
  for (let level = ground + u * 62, l = 0.39; level < height; level += u * 17, l -= 0.055) {
    hills(ctx, level, u * 4.2, shade(p.primary, { l, chromaFactor: 0.7 }));
  }
}

/** The product in a scene: a photo or a landscape fills the picture, the words stand on a card. */
export function lifestyle(ctx: LayoutContext): Layout {
  const { palette: p, unit: u, over, under, format } = ctx;
  const { card, product } = areasOf(ctx);
  const full = { x: 0, y: 0, width: format.width, height: format.height };
  const isFullBleed = ctx.photo !== undefined && !ctx.photo.isCutOut;
  if (isFullBleed) under.rect(full, { fill: p.deep });
  else {
    scenery(ctx, product.y + product.height * 0.72);
    const cx = product.x + product.width / 2;
    const top = product.y + product.height * 0.93;
    under.ellipse(cx, top + u * 3, product.width * 0.78, u * 6, { fill: p.deep });
    under.ellipse(cx, top, product.width * 0.78, u * 6, { fill: p.paper });
  }
  if (!ctx.photo) {
    drawProduct(under, ctx.kind, product, productPaint(p, p.soft), {
      color: p.night,
      opacity: 0.4,
    });
  }
  over.rect({ ...card, y: card.y + u * 1.2 }, { fill: p.night, opacity: 0.16 }, u * 3.4);
  over.rect(card, { fill: '#ffffff' }, u * 3.4);
  const content = words(ctx, card);
  const photo = !ctx.photo
    ? {}
    : isFullBleed
      ? { photo: { box: photoBox(ctx, card), radius: 0, fit: 'cover' as const } }
      : { photo: { box: product, radius: 0, fit: 'contain' as const } };
  return { blocks: content, ...photo };
}

/** The part of the picture that the photo fills: all of it, less most of the card. */
function photoBox({ format, shape }: LayoutContext, card: Box): Box {
  if (shape === 'wide') return boxOf(0, 0, card.x + 80, format.height);
  return shape === 'tall'
    ? { x: 0, y: 0, width: format.width, height: format.height }
    : boxOf(0, 0, format.width, card.y + 120);
}

function words(ctx: LayoutContext, card: Box): Layout['blocks'] {
  const { palette: p, unit: u, shape, format } = ctx;
  const padX = Math.max(u * 5, format.safeBox.x - card.x);
  const inner = inset(card, padX, u * 5);
  const rowHeight = brandHeight(ctx);
  const brand = brandRow(
    ctx,
    { x: inner.x, y: inner.y, maxWidth: inner.width },
    {
      badge: p.primary,
      onBadge: textOn(p.primary, p.ink),
      name: p.ink,
    },
  );
  const area = boxOf(
    inner.x,
    inner.y + rowHeight + u * 2.6,
    inner.x + inner.width,
    inner.y + inner.height,
  );
  const max = Math.round(u * (shape === 'wide' ? 9 : 7.2));
  const blocks = column(
    ctx,
    area,
    [
      headline(ctx, p.ink, { maxPx: max, share: 0.44, maxLines: 3, gap: 0 }),
      body(ctx, p.muted, { share: 0.22, maxLines: 2, gap: u * 1.6 }),
      action(ctx, { fill: p.primary, text: p.onPrimary }, { gap: u * 2.4, share: 0.26 }),
    ],
    { valign: 'middle' },
  );
  return [...brand, ...blocks];
}
