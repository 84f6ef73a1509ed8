import type { Box } from '../geometry.js';
import type { TextBlock } from '../scene.js';
import { fitText } from '../text/fit-text.js';
import { blockAt, type TextSpec } from './column.js';
import type { LayoutContext } from './context.js';

/** Height of the brand row, pixels. */
export function brandHeight(ctx: LayoutContext): number {
  return Math.round(ctx.unit * (ctx.shape === 'wide' ? 8.2 : 6.4));
}

/** The brand row: a badge with the initial, and the name. */
export function brandRow(
  ctx: LayoutContext,
  at: { x: number; y: number; maxWidth: number },
  colors: { badge: string; onBadge: string; name: string },
): TextBlock[] {
  const side = brandHeight(ctx);
  ctx.over.rect(
    { x: at.x, y: at.y, width: side, height: side },
    { fill: colors.badge },
    side * 0.28,
  );
  const initial = [...ctx.copy.brandName][0]?.toUpperCase() ?? '';
  const mark = set(
    ctx,
    { role: 'mark', text: initial, weight: 800, color: colors.onBadge },
    {
      box: { x: at.x, y: at.y, width: side, height: side },
      sizePx: Math.round(side * 0.6),
      align: 'center',
    },
  );
  const gap = Math.round(side * 0.34);
  const name = set(
    ctx,
    { role: 'brand', text: ctx.copy.brandName, weight: 700, color: colors.name },
    {
      box: { x: at.x + side + gap, y: at.y, width: at.maxWidth - side - gap, height: side },
      sizePx: Math.round(side * 0.56),
      align: 'left',
    },
  );
  return [mark, name];
}

/** One line of text, in the vertical middle of its box; smaller when it would be too wide. */
export function set(
  ctx: LayoutContext,
  spec: Pick<TextSpec, 'role' | 'text' | 'weight' | 'color' | 'tracking'>,
  options: { box: Box; sizePx: number; minPx?: number; align: 'left' | 'center' },
): TextBlock {
  const { box, sizePx, align } = options;
  const fitted = fitText(ctx.measurer, {
    text: spec.text,
    weight: spec.weight,
    width: box.width,
    height: Math.max(box.height, sizePx * 1.2),
    maxPx: sizePx,
    minPx: options.minPx ?? Math.round(sizePx * 0.6),
    maxLines: 1,
    ...(spec.tracking === undefined ? {} : { tracking: spec.tracking }),
    field: spec.role,
  });
  const x = align === 'center' ? box.x + box.width / 2 : box.x;
  return blockAt(ctx, spec, fitted, { x, y: box.y + (box.height - fitted.leadingPx) / 2, align });
}

/** Specs that most layouts share; sizes in units of the shorter side. */
export function headline(
  ctx: LayoutContext,
  color: string,
  change: Partial<TextSpec> = {},
): TextSpec {
  // A word or two may stand larger than a sentence.
  const u = ctx.unit * ([...ctx.copy.headline].length <= 12 ? 1.35 : 1);
  return {
    role: 'headline',
    text: ctx.copy.headline,
    weight: 800,
    color,
    maxPx: Math.round(u * (ctx.shape === 'wide' ? 12 : ctx.shape === 'tall' ? 11.6 : 10.4)),
    minPx: Math.round(u * (ctx.shape === 'wide' ? 5 : 4)),
    maxLines: 4,
    share: 0.56,
    leading: 1.08,
    tracking: -0.022,
    gap: Math.round(u * 3),
    ...change,
  };
}

/** The supporting line under the headline. */
export function body(ctx: LayoutContext, color: string, change: Partial<TextSpec> = {}): TextSpec {
  const u = ctx.unit;
  return {
    role: 'body',
    text: ctx.copy.body === ctx.copy.headline ? '' : ctx.copy.body,
    weight: 500,
    color,
    maxPx: Math.round(u * (ctx.shape === 'wide' ? 4.9 : 4.1)),
    minPx: Math.round(u * (ctx.shape === 'wide' ? 3.9 : 2.9)),
    maxLines: 3,
    share: 0.22,
    leading: 1.35,
    gap: Math.round(u * 2.6),
    ...change,
  };
}

/** The call to action. */
export function action(
  ctx: LayoutContext,
  colors: { fill: string; text: string },
  change: Partial<TextSpec> = {},
): TextSpec {
  const u = ctx.unit;
  const size = Math.round(u * (ctx.shape === 'wide' ? 4.8 : 4.2));
  return {
    role: 'cta',
    text: ctx.copy.cta,
    weight: 700,
    color: colors.text,
    maxPx: size,
    minPx: Math.round(size * 0.75),
    maxLines: 1,
    share: 0.24,
    gap: Math.round(u * 4),
    pill: { fill: colors.fill },
    ...change,
  };
}
