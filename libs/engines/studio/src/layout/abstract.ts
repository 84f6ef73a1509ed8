import { boxOf, type Box } from '../geometry.js';
import { drawProduct, productPaint } from '../illustration.js';
import { textOn } from '../palette.js';
import { readable } from '../color.js';
import { column } from './column.js';
import type { Layout, LayoutContext } from './context.js';
import { action, body, brandHeight, brandRow, headline } from './parts.js';

interface Areas {
  readonly text: Box;
  /** Where tiles go, in whole cells. */
  readonly tiles: readonly Box[];
  readonly cell: number;
  /** The cells that the product covers. */
  readonly product: Box;
}

function areasOf({ format, shape }: LayoutContext): Areas {
  const { safeBox: s } = format;
  switch (shape) {
    case 'tall':
      return {
        text: boxOf(s.x, s.y + 20, 930, 1030),
        tiles: [boxOf(0, -20, 1080, 250), boxOf(0, 1110, 1080, 1920)],
        cell: 270,
        product: boxOf(540, 1110, 1080, 1650),
      };
    case 'portrait':
      return {
        text: boxOf(s.x, s.y, 1026, 770),
        tiles: [boxOf(0, 810, 1080, 1350)],
        cell: 270,
        product: boxOf(540, 810, 1080, 1350),
      };
    case 'square':
      return {
        text: boxOf(s.x, s.y, 1026, 630),
        tiles: [boxOf(0, 684, 1080, 1080)],
        cell: 198,
        product: boxOf(0, 684, 396, 1080),
      };
    case 'wide':
      return {
        text: boxOf(490, s.y, 1140, 588),
        tiles: [boxOf(0, 0, 418, 628)],
        cell: 209.34,
        product: boxOf(0, 209, 418, 628),
      };
  }
}

/** One square of the pattern: a quarter disc, half discs, a ring, a leaf or a plain field. */
function tile(ctx: LayoutContext, x: number, y: number, c: number): void {
  const { under: d, palette: p, random } = ctx;
  const tones = [p.deep, p.accent, p.soft, p.paper, p.tint];
  const first = random.nextInt(tones.length);
  const back = tones[first] ?? p.deep;
  const front = tones[(first + 1 + random.nextInt(tones.length - 1)) % tones.length] ?? p.accent;
  d.rect({ x, y, width: c + 0.5, height: c + 0.5 }, { fill: back });
  const [sx, sy] = [random.nextInt(2), random.nextInt(2)];
  const [ox, oy] = [x + sx * c, y + sy * c];
  const [tx, ty] = [x + (1 - sx) * c, y + (1 - sy) * c];
  switch (random.nextInt(5)) {
    case 0:
      d.path(['M', ox, oy, 'L', tx, oy, 'A', c, c, 0, 0, sx === sy ? 1 : 0, ox, ty, 'Z'], {
        fill: front,
      });
      break;
    case 1:
      d.circle(x + c / 2, y + c / 2, c * 0.36, { fill: front });
      break;
    case 2:
      d.path(['M', x, y + c / 2, 'a', c / 2, c / 2, 0, 0, 1, c, 0, 'Z'], { fill: front });
      d.path(['M', x, y + c, 'a', c / 2, c / 2, 0, 0, 1, c, 0, 'Z'], { fill: front });
      break;
    case 3:
      d.circle(x + c / 2, y + c / 2, c * 0.3, { stroke: front, strokeWidth: c * 0.15 });
      break;
    default:
      d.path(['M', ox, oy, 'Q', tx, oy, tx, ty, 'Q', ox, ty, ox, oy, 'Z'], { fill: front });
  }
}

function fillTiles(ctx: LayoutContext, areas: Areas): void {
  for (const field of areas.tiles) {
    for (let y = field.y; y < field.y + field.height - 1; y += areas.cell) {
      for (let x = field.x; x < field.x + field.width - 1; x += areas.cell)
        tile(ctx, x, y, areas.cell);
    }
  }
}

/** A field of the brand colour with a geometric pattern of its tones. */
export function abstract(ctx: LayoutContext): Layout {
  const { palette: p, under, unit: u, format } = ctx;
  const areas = areasOf(ctx);
  under.rect({ x: 0, y: 0, width: format.width, height: format.height }, { fill: p.primary });
  fillTiles(ctx, areas);
  const on = textOn(p.primary, p.ink);
  const soft = readable(p.paper, p.primary, 5);
  const disc = areas.product;
  const r = Math.min(disc.width, disc.height) / 2;
  under.rect(disc, { fill: p.deep });
  under.circle(disc.x + disc.width / 2, disc.y + disc.height / 2, r * 0.94, { fill: p.paper });
  const inside = r * 0.62;
  const middle = { x: disc.x + disc.width / 2, y: disc.y + disc.height / 2 };
  const product = boxOf(middle.x - inside, middle.y - inside, middle.x + inside, middle.y + inside);
  if (!ctx.photo) {
    drawProduct(under, ctx.kind, product, productPaint(p, p.paper), { color: p.ink, opacity: 0.3 });
  }
  const { text } = areas;
  const brand = brandRow(
    ctx,
    { x: text.x, y: text.y, maxWidth: text.width },
    {
      badge: on === '#ffffff' ? '#ffffff' : p.ink,
      onBadge: on === '#ffffff' ? readable(p.primary, '#ffffff', 5) : '#ffffff',
      name: on,
    },
  );
  const top = text.y + brandHeight(ctx) + u * 3.4;
  const blocks = column(
    ctx,
    boxOf(text.x, top, text.x + text.width, text.y + text.height),
    [
      headline(ctx, on, { maxPx: Math.round(u * (ctx.shape === 'wide' ? 13 : 11)), share: 0.5 }),
      body(ctx, on === '#ffffff' ? soft : on, { share: 0.2 }),
      action(ctx, { fill: p.paper, text: p.ink }, { gap: u * 3.2 }),
    ],
    { valign: 'middle' },
  );
  return { blocks: [...brand, ...blocks], ...photoIn(ctx, disc, r, product) };
}

function photoIn(ctx: LayoutContext, disc: Box, r: number, inner: Box): Pick<Layout, 'photo'> {
  if (!ctx.photo) return {};
  if (ctx.photo.isCutOut) return { photo: { box: inner, radius: 0, fit: 'contain' } };
  const side = r * 0.94;
  const [cx, cy] = [disc.x + disc.width / 2, disc.y + disc.height / 2];
  return {
    photo: { box: boxOf(cx - side, cy - side, cx + side, cy + side), radius: side, fit: 'cover' },
  };
}
