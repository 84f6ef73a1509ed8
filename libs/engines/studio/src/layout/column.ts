import type { Box } from '../geometry.js';
import { union } from '../geometry.js';
import type { TextBlock, TextRole } from '../scene.js';
import { fitText, type FittedText } from '../text/fit-text.js';
import type { Weight } from '../text/measure.js';
import type { LayoutContext } from './context.js';

/** A text of a column. */
export interface TextSpec {
  readonly role: TextRole;
  readonly text: string;
  readonly weight: Weight;
  readonly color: string;
  readonly maxPx: number;
  readonly minPx: number;
  readonly maxLines: number;
  /** Largest part of the column's height that it may take, 0 to 1. */
  readonly share: number;
  readonly leading?: number;
  readonly tracking?: number;
  /** Space above, pixels; left out for the first. */
  readonly gap: number;
  /** Drawn as a filled pill, for the call to action. */
  readonly pill?: { readonly fill: string };
}

/** How a column is set. */
export interface ColumnOptions {
  readonly align?: 'left' | 'center';
  readonly valign?: 'top' | 'middle' | 'bottom';
}

interface Placed {
  readonly spec: TextSpec;
  readonly fitted: FittedText;
  readonly padX: number;
  readonly padY: number;
  readonly height: number;
}

function fitSpec(ctx: LayoutContext, spec: TextSpec, area: Box): Placed {
  const isPill = spec.pill !== undefined;
  const room = { width: area.width, height: area.height * spec.share };
  const padX = isPill ? spec.maxPx * 1.05 : 0;
  const padY = isPill ? spec.maxPx * 0.55 : 0;
  const fitted = fitText(ctx.measurer, {
    text: spec.text,
    weight: spec.weight,
    width: room.width - 2 * padX - (isPill ? spec.maxPx * 1.3 : 0),
    height: Math.max(room.height - 2 * padY, spec.minPx * 1.3),
    maxPx: spec.maxPx,
    minPx: spec.minPx,
    maxLines: spec.maxLines,
    ...(spec.leading === undefined ? {} : { leading: spec.leading }),
    ...(spec.tracking === undefined ? {} : { tracking: spec.tracking }),
    field: spec.role,
  });
  const height = fitted.lines.length * fitted.leadingPx + 2 * padY;
  return { spec, fitted, padX, padY, height };
}

/** Places fitted lines with their top left corner (or top middle) at the given point. */
export function blockAt(
  ctx: LayoutContext,
  spec: Pick<TextSpec, 'role' | 'text' | 'weight' | 'color' | 'tracking'>,
  fitted: FittedText,
  at: { x: number; y: number; align: 'left' | 'center' },
): TextBlock {
  const style = { weight: spec.weight, sizePx: fitted.sizePx, tracking: spec.tracking ?? 0 };
  const lines = fitted.lines.map((text, i) => {
    const width = ctx.measurer.width(text, style);
    const x = at.align === 'center' ? at.x - width / 2 : at.x;
    const y = at.y + i * fitted.leadingPx;
    return { text, box: { x: Math.round(x), y: Math.round(y), width, height: fitted.leadingPx } };
  });
  return {
    role: spec.role,
    text: spec.text,
    lines,
    box: union(lines.map((line) => line.box)),
    sizePx: fitted.sizePx,
    leadingPx: fitted.leadingPx,
    weight: spec.weight,
    tracking: spec.tracking ?? 0,
    align: at.align,
    color: spec.color,
    isShortened: fitted.isShortened,
  };
}

function drawPill(ctx: LayoutContext, placed: Placed, x: number, y: number): number {
  const { fitted, padX, height, spec } = placed;
  const arrow = fitted.sizePx * 0.95;
  const gap = fitted.sizePx * 0.5;
  const width = fitted.width + gap + arrow + 2 * padX;
  ctx.over.rect({ x, y, width, height }, { fill: spec.pill?.fill ?? spec.color }, height / 2);
  const left = x + padX + fitted.width + gap;
  const middle = y + height / 2;
  const head = arrow * 0.36;
  ctx.over.path(
    ['M', left, middle, 'H', left + arrow, 'M', left + arrow - head, middle - head].concat([
      'L',
      left + arrow,
      middle,
      'L',
      left + arrow - head,
      middle + head,
    ]),
    { stroke: spec.color, strokeWidth: fitted.sizePx * 0.12 },
  );
  return width;
}

function pillWidth({ fitted, padX }: Placed): number {
  return fitted.width + fitted.sizePx * 1.45 + 2 * padX;
}

/** Sets texts under one another inside `area`; the shares and gaps must leave room for all of them. */
export function column(
  ctx: LayoutContext,
  area: Box,
  specs: readonly TextSpec[],
  { align = 'left', valign = 'top' }: ColumnOptions = {},
): TextBlock[] {
  const placed = specs.filter((spec) => spec.text !== '').map((spec) => fitSpec(ctx, spec, area));
  const total = placed.reduce((sum, p, i) => sum + p.height + (i === 0 ? 0 : p.spec.gap), 0);
  const slack = Math.max(0, area.height - total);
  let y = area.y + (valign === 'top' ? 0 : valign === 'middle' ? slack / 2 : slack);
  return placed.map((p, i) => {
    y += i === 0 ? 0 : p.spec.gap;
    const width = p.spec.pill ? pillWidth(p) : p.fitted.width;
    const left = align === 'center' ? area.x + (area.width - width) / 2 : area.x;
    if (p.spec.pill) drawPill(ctx, p, left, y);
    const isCentred = align === 'center' && !p.spec.pill;
    const x = isCentred ? area.x + area.width / 2 : left + p.padX;
    const block = blockAt(ctx, p.spec, p.fitted, {
      x,
      y: y + p.padY,
      align: isCentred ? 'center' : 'left',
    });
    y += p.height;
    return block;
  });
}
