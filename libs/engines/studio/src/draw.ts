import type { Box } from './geometry.js';

/** Rounds to two decimals, so that the same scene gives the same text. */
const n = (value: number): string => String(Math.round(value * 100) / 100);

const n4 = (value: number): string => String(Math.round(value * 10_000) / 10_000);

/** How a shape is filled. */
export interface Paint {
  readonly fill?: string;
  readonly opacity?: number;
  readonly stroke?: string;
  readonly strokeWidth?: number;
}

/** A colour stop: offset 0..1, colour, opacity 0..1 (default 1). */
export type Stop = readonly [offset: number, color: string, opacity?: number];

function attributes({ fill = 'none', opacity, stroke, strokeWidth }: Paint): string {
  const parts = [`fill="${fill}"`];
  if (opacity !== undefined) parts.push(`opacity="${n(opacity)}"`);
  if (stroke !== undefined)
    parts.push(`stroke="${stroke}"`, `stroke-width="${n(strokeWidth ?? 1)}"`);
  if (stroke !== undefined) parts.push('stroke-linecap="round" stroke-linejoin="round"');
  return parts.join(' ');
}

/** Collects SVG elements; `prefix` keeps gradient ids apart when two drawings are joined. */
export class Drawing {
  private readonly parts: string[] = [];
  private gradients = 0;

  constructor(private readonly prefix: string) {}

  rect(box: Box, paint: Paint, radius = 0): this {
    return this.add(
      `<rect x="${n(box.x)}" y="${n(box.y)}" width="${n(box.width)}" height="${n(box.height)}"` +
        `${radius > 0 ? ` rx="${n(radius)}"` : ''} ${attributes(paint)}/>`,
    );
  }

  circle(cx: number, cy: number, r: number, paint: Paint): this {
    return this.add(`<circle cx="${n(cx)}" cy="${n(cy)}" r="${n(r)}" ${attributes(paint)}/>`);
  }

  ellipse(cx: number, cy: number, rx: number, ry: number, paint: Paint): this {
    return this.add(
      `<ellipse cx="${n(cx)}" cy="${n(cy)}" rx="${n(rx)}" ry="${n(ry)}" ${attributes(paint)}/>`,
    );
  }

  /** A path of commands and numbers: `['M', 0, 0, 'L', 10, 10, 'Z']`. */
  path(commands: readonly (string | number)[], paint: Paint): this {
    const d = commands.map((c) => (typeof c === 'number' ? n(c) : c)).join(' ');
    return this.add(`<path d="${d}" ${attributes(paint)}/>`);
  }

  /** A path from its SVG path data. */
  shape(data: string, paint: Paint): this {
    return this.add(`<path d="${data}" ${attributes(paint)}/>`);
  }

  /** Draws in coordinates of its own: the origin moved to `x`, `y`, then scaled. */
  within(x: number, y: number, scale: number, draw: (drawing: this) => void): this {
    this.add(`<g transform="translate(${n(x)} ${n(y)}) scale(${n4(scale)})">`);
    draw(this);
    return this.add('</g>');
  }

  /** A linear gradient; the direction is given in fractions of the painted box. Returns the fill. */
  linear(stops: readonly Stop[], [x1, y1, x2, y2] = [0, 0, 0, 1] as readonly number[]): string {
    const at = `x1="${n(x1 ?? 0)}" y1="${n(y1 ?? 0)}" x2="${n(x2 ?? 0)}" y2="${n(y2 ?? 1)}"`;
    return this.gradient('linearGradient', at, stops);
  }

  /** A radial gradient around the middle of the painted box. Returns the fill. */
  radial(stops: readonly Stop[]): string {
    return this.gradient('radialGradient', 'cx="0.5" cy="0.5" r="0.5"', stops);
  }

  /** A soft shadow on the ground: an ellipse that fades out. */
  shadow(cx: number, cy: number, rx: number, ry: number, color: string, opacity = 0.35): this {
    const fill = this.radial([
      [0, color, opacity],
      [0.55, color, opacity * 0.45],
      [1, color, 0],
    ]);
    return this.ellipse(cx, cy, rx, ry, { fill });
  }

  /** A soft glow: a circle that fades out. */
  glow(cx: number, cy: number, r: number, color: string, opacity = 0.6): this {
    return this.shadow(cx, cy, r, r, color, opacity);
  }

  toString(): string {
    return this.parts.join('');
  }

  private gradient(kind: string, at: string, stops: readonly Stop[]): string {
    const id = `${this.prefix}${this.gradients++}`;
    const inner = stops.map(
      ([offset, color, opacity = 1]) =>
        `<stop offset="${n(offset)}" stop-color="${color}" stop-opacity="${n(opacity)}"/>`,
    );
    this.add(`<defs><${kind} id="${id}" ${at}>${inner.join('')}</${kind}></defs>`);
    return `url(#${id})`;
  }

  private add(part: string): this {
    this.parts.push(part);
    return this;
  }
}
