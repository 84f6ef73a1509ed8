import { contrast, readable, shade } from '../color.js';
import { boxOf, type Box } from '../geometry.js';
import { drawProduct, productPaint } from '../illustration.js';
import { column } from './column.js';
import type { Layout, LayoutContext } from './context.js';
import { action, body, brandHeight, brandRow, headline } from './parts.js';

/** Contrast that every text of this layout has by construction (WCAG AAA). */
const RATIO = 7.5;

interface Areas {
  readonly text: Box;
  readonly disc: { readonly cx: number; readonly cy: number; readonly r: number };
}

function areasOf({ format, shape }: LayoutContext): Areas {
  const { safeBox: s } = format;
  switch (shape) {
    case 'tall':
      return { text: boxOf(s.x, s.y, 930, 1130), disc: { cx: 690, cy: 1560, r: 420 } };
    case 'portrait':
      return { text: boxOf(s.x, s.y, 1026, 830), disc: { cx: 790, cy: 1130, r: 330 } };
    case 'square':
      return { text: boxOf(s.x, s.y, 1026, 720), disc: { cx: 850, cy: 900, r: 260 } };
    case 'wide':
      return { text: boxOf(s.x, s.y, 690, 588), disc: { cx: 1010, cy: 314, r: 260 } };
  }
}

/** The brand colour, or the nearest of its palette that can be told from the dark ground. */
function heroOf({ palette: p }: LayoutContext): string {
  const tones = [p.primary, p.accent, p.soft];
  return tones.find((tone) => contrast(tone, p.night) >= 1.6) ?? p.soft;
}

/** Parallel slanted bars in the brand colour, behind the product. */
function bars(ctx: LayoutContext, { cx, cy, r }: Areas['disc'], hero: string): void {
  const { under, palette: p, random, format } = ctx;
  const lean = 0.35 + random.nextDouble() * 0.25;
  const count = 3 + random.nextInt(2);
  for (let i = 0; i < count; i++) {
    const y = cy - r * 0.9 + (i * 1.8 * r) / count;
    const thick = r * (0.16 + random.nextDouble() * 0.12);
    const x = cx - r * (1.22 - i * 0.12);
    under.path(
      ['M', x, y + thick, 'L', x + thick * lean, y, 'L', format.width + 40, y].concat([
        'L',
        format.width + 40,
        y + thick,
        'Z',
      ]),
      { fill: i % 2 === 0 ? p.deep : hero },
    );
  }
}

/** Nearly black, very large type, one block of brand colour; every text reads at 7:1 or better. */
export function highContrast(ctx: LayoutContext): Layout {
  const { palette: p, under, unit: u, format } = ctx;
  const { text, disc } = areasOf(ctx);
  under.rect({ x: 0, y: 0, width: format.width, height: format.height }, { fill: p.night });
  under.rect({ x: 0, y: 0, width: u * 1.4, height: format.height }, { fill: p.primary });
  const hero = heroOf(ctx);
  bars(ctx, disc, hero);
  under.circle(disc.cx, disc.cy, disc.r, { fill: hero });
  const side = disc.r * 0.68;
  const product = boxOf(disc.cx - side, disc.cy - side, disc.cx + side, disc.cy + side);
  if (!ctx.photo) {
    drawProduct(under, ctx.kind, product, productPaint(p, hero), {
      color: '#000000',
      opacity: 0.5,
    });
  }
  const bright = contrast(p.accent, p.night) >= RATIO ? p.accent : shade(p.accent, { l: 0.85 });
  const brand = brandRow(
    ctx,
    { x: text.x, y: text.y, maxWidth: text.width },
    {
      badge: '#ffffff',
      onBadge: p.night,
      name: '#ffffff',
    },
  );
  const top = text.y + brandHeight(ctx) + u * 4;
  const isWide = ctx.shape === 'wide';
  const blocks = column(
    ctx,
    boxOf(text.x, top, text.x + text.width, text.y + text.height),
    [
      headline(ctx, '#ffffff', {
        maxPx: Math.round(u * (isWide ? 14 : 13)),
        share: 0.58,
        leading: 1.04,
        tracking: -0.03,
      }),
      body(ctx, readable(bright, p.night, RATIO), { share: 0.15, maxLines: 2 }),
      action(ctx, { fill: '#ffffff', text: p.night }, { share: 0.19 }),
    ],
    { valign: isWide ? 'middle' : 'top' },
  );
  if (!ctx.photo) return { blocks: [...brand, ...blocks] };
  const photo = ctx.photo.isCutOut
    ? ({ box: product, radius: 0, fit: 'contain' } as const)
    : ({
        box: square(disc.cx, disc.cy, disc.r * 0.93),
        radius: disc.r * 0.93,
        fit: 'cover',
      } as const);
  return { blocks: [...brand, ...blocks], photo };
}

function square(cx: number, cy: number, half: number): Box {
  return boxOf(cx - half, cy - half, cx + half, cy + half);
}
