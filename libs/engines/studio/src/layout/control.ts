import { boxOf, type Box } from '../geometry.js';
import { drawProduct, productPaint } from '../illustration.js';
import { textOn } from '../palette.js';
import { column } from './column.js';
import type { Layout, LayoutContext } from './context.js';
import { action, body, brandHeight, brandRow, headline } from './parts.js';

interface Areas {
  readonly text: Box;
  readonly visual: Box;
}

function areasOf({ format, shape }: LayoutContext): Areas {
  const { safeBox: s, width, height } = format;
  switch (shape) {
    case 'tall':
      return { text: { ...s, height: 640 }, visual: boxOf(130, 940, 950, 1760) };
    case 'portrait':
      return { text: { ...s, height: 590 }, visual: boxOf(230, 690, 850, 1310) };
    case 'square':
      return { text: boxOf(s.x, s.y, 570, 1026), visual: boxOf(590, 260, 1050, 860) };
    case 'wide':
      return { text: boxOf(s.x, s.y, 660, 588), visual: boxOf(700, 80, width - 40, height - 60) };
  }
}

/** The brand template: light paper, the product on a tinted disc, one clear reading order. */
export function control(ctx: LayoutContext): Layout {
  const { palette: p, format, under, unit: u, random } = ctx;
  const { text, visual } = areasOf(ctx);
  const [cx, cy] = [visual.x + visual.width / 2, visual.y + visual.height / 2];
  const r = Math.max(visual.width, visual.height) * 0.56;
  const drift = (random.nextDouble() - 0.5) * u * 6;
  under.rect({ x: 0, y: 0, width: format.width, height: format.height }, { fill: p.paper });
  under.circle(cx + drift, cy, r * 1.18, { fill: p.tint, opacity: 0.55 });
  under.circle(cx, cy, r, {
    fill: under.linear(
      [
        [0, p.tint],
        [1, p.soft],
      ],
      [0, 0, 1, 1],
    ),
  });
  const angle = (random.nextDouble() * 0.5 - 0.15) * Math.PI;
  under.circle(cx + Math.cos(angle) * r, cy + Math.sin(angle) * r, u * 2.6, { fill: p.accent });
  const dot = {
    x: cx - Math.cos(angle + 0.5) * r * 1.1,
    y: cy + Math.abs(Math.sin(angle + 0.7)) * r * 1.02,
  };
  // Beside the text it would look like a stray mark.
  const isClear = dot.x > text.x + text.width + u * 3 || dot.y > text.y + text.height + u * 3;
  if (isClear) under.circle(dot.x, dot.y, u * 1.5, { fill: p.primary });
  const edge = ctx.shape === 'wide' ? u * 1.6 : u * 1.4;
  under.rect({ x: 0, y: 0, width: format.width, height: edge }, { fill: p.primary });
  if (!ctx.photo) {
    drawProduct(under, ctx.kind, visual, productPaint(p, p.tint), { color: p.ink, opacity: 0.35 });
  }
  const rowHeight = brandHeight(ctx);
  const brand = brandRow(
    ctx,
    { x: text.x, y: text.y, maxWidth: text.width },
    {
      badge: p.primary,
      onBadge: textOn(p.primary, p.ink),
      name: p.ink,
    },
  );
  const gap = u * 4;
  const area = boxOf(text.x, text.y + rowHeight + gap, text.x + text.width, text.y + text.height);
  const isStacked = ctx.shape === 'tall' || ctx.shape === 'portrait';
  const blocks = column(
    ctx,
    area,
    [
      headline(ctx, p.ink),
      body(ctx, p.muted, { share: 0.16 }),
      action(ctx, { fill: p.primary, text: p.onPrimary }, { share: 0.19 }),
    ],
    { valign: isStacked ? 'top' : 'middle' },
  );
  return { blocks: [...brand, ...blocks], ...photoIn(ctx, visual, u * 4) };
}

function photoIn(ctx: LayoutContext, visual: Box, radius: number): Pick<Layout, 'photo'> {
  if (!ctx.photo) return {};
  const fit = ctx.photo.isCutOut ? 'contain' : 'cover';
  return { photo: { box: visual, radius: fit === 'cover' ? radius : 0, fit } };
}
