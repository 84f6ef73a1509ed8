/** Outer size of every plot, in pixels. */
export const WIDTH = 640;
export const HEIGHT = 400;
const LEFT = 64;
const RIGHT = 16;
const TOP = 40;
const BOTTOM = 56;

/** The colours of what was predicted and of what happened. */
export const PREDICTED = '#2563eb';
export const ACTUAL = '#f59e0b';

/** Where values come to lie: x and y in the units of the data. */
export interface Axes {
  readonly maxX: number;
  readonly maxY: number;
  readonly title: string;
  readonly labelX: string;
  readonly labelY: string;
}

/** A horizontal position in pixels. */
export function atX({ maxX }: Axes, x: number): number {
  return LEFT + (x / positive(maxX)) * (WIDTH - LEFT - RIGHT);
}

/** A vertical position in pixels: 0 is at the bottom. */
export function atY({ maxY }: Axes, y: number): number {
  return HEIGHT - BOTTOM - (y / positive(maxY)) * (HEIGHT - TOP - BOTTOM);
}

/** A whole plot: title, axes with their ends named, and what is drawn in it. */
export function plot(axes: Axes, shapes: readonly string[]): string {
  const { maxX, maxY, title, labelX, labelY } = axes;
  const [x0, x1, y0, y1] = [atX(axes, 0), atX(axes, maxX), atY(axes, 0), atY(axes, maxY)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"`,
    ` font-family="sans-serif" font-size="12"><title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(WIDTH / 2, 22, title, 'middle'),
    ...shapes,
    line([x0, y0], [x1, y0]),
    line([x0, y0], [x0, y1]),
    text((x0 + x1) / 2, HEIGHT - 12, labelX, 'middle'),
    text(x1, y0 + 18, short(maxX), 'end'),
    text(x0 - 6, y1 + 4, short(maxY), 'end'),
    text(x0, TOP - 6, labelY, 'start'),
    '</svg>',
  ].join('');
}

/** A filled rectangle between two corners of the data. */
export function box(
  axes: Axes,
  from: readonly [number, number],
  to: readonly [number, number],
  fill: string,
): string {
  const [x, right] = [atX(axes, from[0]), atX(axes, to[0])];
  const [bottom, y] = [atY(axes, from[1]), atY(axes, to[1])];
  return `<rect x="${px(x)}" y="${px(y)}" width="${px(right - x)}" height="${px(bottom - y)}" fill="${fill}"/>`;
}

/** A line through points of the data. */
export function path(axes: Axes, points: readonly (readonly [number, number])[], stroke: string) {
  const at = points.map(([x, y]) => `${px(atX(axes, x))},${px(atY(axes, y))}`).join(' ');
  return `<polyline points="${at}" fill="none" stroke="${stroke}" stroke-width="2"/>`;
}

/** A dot with a text that shows when it is pointed at. */
export function dot(axes: Axes, [x, y]: readonly [number, number], fill: string, note: string) {
  const [cx, cy] = [px(atX(axes, x)), px(atY(axes, y))];
  return `<circle cx="${cx}" cy="${cy}" r="4" fill="${fill}"><title>${escaped(note)}</title></circle>`;
}

/** What the two colours mean, in the upper right corner. */
export function legend(): string {
  const entry = (y: number, fill: string, name: string): string =>
    `<rect x="${WIDTH - 110}" y="${y - 10}" width="10" height="10" fill="${fill}"/>` +
    text(WIDTH - 94, y, name, 'start');
  return entry(TOP + 8, PREDICTED, 'predicted') + entry(TOP + 26, ACTUAL, 'actual');
}

function line([x1, y1]: readonly [number, number], [x2, y2]: readonly [number, number]): string {
  return `<path d="M${px(x1)} ${px(y1)}L${px(x2)} ${px(y2)}" stroke="#334155"/>`;
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function positive(value: number): number {
  return value > 0 ? value : 1;
}
