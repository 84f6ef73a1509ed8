import { readable } from '../color.js';
import { boxOf, inset, type Box } from '../geometry.js';
import { overlap } from '../copy.js';
import { drawProduct, productPaint } from '../illustration.js';
import { textOn } from '../palette.js';
import type { TextBlock } from '../scene.js';
import { column, type TextSpec } from './column.js';
import type { Layout, LayoutContext } from './context.js';
import { action, brandHeight, brandRow, set } from './parts.js';

interface Areas {
  /** The field of brand colour that carries the statement. */
  readonly field: Box;
  readonly statement: Box;
  readonly facts: Box;
  readonly product?: Box;
}

function areasOf({ format, shape }: LayoutContext): Areas {
  const { safeBox: s } = format;
  switch (shape) {
    case 'tall':
      return {
        field: boxOf(0, 0, 1080, 760),
        statement: boxOf(s.x, s.y, 930, 715),
        facts: boxOf(s.x, 806, 930, 1248),
        product: boxOf(330, 1330, 790, 1790),
      };
    case 'portrait':
      return {
        field: boxOf(0, 0, 1080, 690),
        statement: boxOf(s.x, s.y, 1026, 640),
        facts: boxOf(s.x, 740, 660, 1282),
        product: boxOf(690, 810, 1030, 1200),
      };
    case 'square':
      return {
        field: boxOf(0, 0, 1080, 540),
        statement: boxOf(s.x, s.y, 1026, 500),
        facts: boxOf(s.x, 586, 660, 1026),
        product: boxOf(700, 620, 1030, 980),
      };
    case 'wide':
      return {
        field: boxOf(0, 0, 570, 628),
        statement: boxOf(s.x, s.y, 510, 588),
        facts: boxOf(620, s.y, 1140, 588),
        product: boxOf(930, 330, 1150, 550),
      };
  }
}

/** An arc that shows a percentage of up to two digits; nothing is drawn for other numbers. */
function gauge(ctx: LayoutContext, field: Box, on: string): void {
  const percent = /^(\d{1,3})(?:[.,]\d+)?\s?%$/.exec(ctx.copy.figure ?? '')?.[1];
  if (percent === undefined || percent.length > 2 || ctx.shape === 'wide') return;
  const r = ctx.unit * 12;
  const cx = ctx.format.safeBox.x + 730;
  const middle = { tall: 0.52, portrait: 0.45, square: 0.4 }[ctx.shape];
  const cy = field.y + field.height * middle;
  const stroke = ctx.unit * 3.6;
  ctx.under.circle(cx, cy, r, { stroke: on, strokeWidth: stroke, opacity: 0.2 });
  const turn = (Number(percent) / 100) * Math.PI * 2 * 0.9999;
  const [ex, ey] = [cx + r * Math.sin(turn), cy - r * Math.cos(turn)];
  ctx.under.path(['M', cx, cy - r, 'A', r, r, 0, turn > Math.PI ? 1 : 0, 1, ex, ey], {
    stroke: on,
    strokeWidth: stroke,
    opacity: 0.55,
  });
}

/** Rows of a tick and a feature. */
function facts(ctx: LayoutContext, area: Box): { blocks: TextBlock[]; bottom: number } {
  const { palette: p, over, unit: u, copy } = ctx;
  const size = Math.round(u * (ctx.shape === 'wide' ? 5 : 3.8));
  const row = Math.round(size * 1.85);
  const shown = copy.features.filter((text) => overlap(text, copy.claim) < 0.5).slice(0, 3);
  const list = shown.length > 0 || copy.headline === copy.claim ? shown : [copy.headline];
  const blocks = list.map((text, i) => {
    const y = area.y + i * row;
    const r = size * 0.52;
    const [cx, cy] = [area.x + r, y + row / 2];
    over.circle(cx, cy, r, { fill: p.primary });
    over.path(
      ['M', cx - r * 0.42, cy + r * 0.03, 'L', cx - r * 0.1, cy + r * 0.34].concat([
        'L',
        cx + r * 0.45,
        cy - r * 0.32,
      ]),
      { stroke: p.onPrimary, strokeWidth: r * 0.24 },
    );
    const left = area.x + r * 2 + size * 0.55;
    const box = { x: left, y, width: area.x + area.width - left, height: row };
    const minPx = Math.round(u * (ctx.shape === 'wide' ? 3.9 : 2.9));
    return set(
      ctx,
      { role: 'feature', text, weight: 700, color: p.ink },
      { box, sizePx: size, minPx, align: 'left' },
    );
  });
  return { blocks, bottom: area.y + list.length * row };
}

/** What follows the figure that stands above in large type; the whole claim when that would be nothing. */
function restOf({ claim, figure }: LayoutContext['copy']): string {
  if (figure === undefined || !claim.startsWith(figure)) return claim;
  const rest = claim.slice(figure.length).replace(/^[\s,:;–—-]+/u, '');
  return /\p{L}{2}/u.test(rest) ? rest : claim;
}

function statement(ctx: LayoutContext, area: Box, on: string): TextBlock[] {
  const { copy, unit: u } = ctx;
  const isWide = ctx.shape === 'wide';
  const claim: TextSpec = {
    role: 'headline',
    text: restOf(copy),
    weight: copy.figure === undefined ? 800 : 700,
    color: on,
    maxPx: Math.round(u * (copy.figure === undefined ? 9.5 : isWide ? 6.6 : 5.6)),
    minPx: Math.round(u * (isWide ? 4.2 : 3.2)),
    maxLines: copy.figure === undefined ? 5 : 4,
    share: copy.figure === undefined ? 0.95 : 0.42,
    leading: 1.15,
    tracking: -0.015,
    gap: u * 1.5,
  };
  const figure: TextSpec = {
    ...claim,
    role: 'figure',
    text: copy.figure ?? '',
    weight: 800,
    maxPx: Math.round(u * (isWide ? 30 : 25)),
    minPx: Math.round(u * 8),
    maxLines: 1,
    share: 0.53,
    leading: 1.05,
    tracking: -0.045,
  };
  return column(ctx, area, copy.figure === undefined ? [claim] : [figure, claim], {
    valign: 'middle',
  });
}

/** One statement in large figures, the facts that carry it, and who says so. */
export function dataLed(ctx: LayoutContext): Layout {
  const { palette: p, under, unit: u, format } = ctx;
  const { field, statement: words, facts: lower, product } = areasOf(ctx);
  const on = textOn(p.primary, p.ink);
  under.rect({ x: 0, y: 0, width: format.width, height: format.height }, { fill: p.paper });
  under.rect(field, { fill: p.primary });
  gauge(ctx, field, on);
  const brand = brandRow(
    ctx,
    { x: words.x, y: words.y, maxWidth: words.width },
    {
      badge: on,
      onBadge: on === '#ffffff' ? readable(p.primary, '#ffffff', 5) : '#ffffff',
      name: on,
    },
  );
  const top = words.y + brandHeight(ctx) + u * 2;
  const spoken = statement(
    ctx,
    boxOf(words.x, top, words.x + words.width, words.y + words.height),
    on,
  );
  const isWide = ctx.shape === 'wide';
  const rows = facts(ctx, isWide ? inset(lower, 0, u * 4) : lower);
  const rest = boxOf(lower.x, rows.bottom + u * 2, lower.x + lower.width, lower.y + lower.height);
  const closing = column(
    ctx,
    rest,
    [
      action(ctx, { fill: p.ink, text: '#ffffff' }, { share: 0.68 }),
      { ...source(ctx), color: p.muted },
    ],
    { valign: 'bottom' },
  );
  if (product && !ctx.photo) {
    under.circle(
      product.x + product.width / 2,
      product.y + product.height / 2,
      product.width * 0.58,
      { fill: p.tint },
    );
    drawProduct(under, ctx.kind, inset(product, u * 3), productPaint(p, p.tint), {
      color: p.ink,
      opacity: 0.3,
    });
  }
  const blocks = [...brand, ...spoken, ...rows.blocks, ...closing];
  if (!product || !ctx.photo) return { blocks };
  const fit = ctx.photo.isCutOut ? 'contain' : 'cover';
  return { blocks, photo: { box: product, radius: fit === 'cover' ? u * 3 : 0, fit } };
}

function source(ctx: LayoutContext): TextSpec {
  const size = Math.round(ctx.unit * (ctx.shape === 'wide' ? 3.7 : 2.6));
  return {
    role: 'source',
    text: ctx.copy.source,
    weight: 500,
    color: '#000000',
    maxPx: size,
    minPx: Math.round(size * 0.9),
    maxLines: 1,
    share: 0.28,
    gap: ctx.unit * 1.6,
  };
}
