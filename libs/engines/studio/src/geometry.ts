/** An axis-aligned box in pixels of the finished picture, origin top left. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A box from its edges. */
export function boxOf(left: number, top: number, right: number, bottom: number): Box {
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** The box without `dx` on the left and right and `dy` at top and bottom (negative values grow it). */
export function inset(box: Box, dx: number, dy = dx): Box {
  return { x: box.x + dx, y: box.y + dy, width: box.width - 2 * dx, height: box.height - 2 * dy };
}

/** Right edge. */
export const right = (box: Box): number => box.x + box.width;
/** Bottom edge. */
export const bottom = (box: Box): number => box.y + box.height;

/** Whether `inner` lies inside `outer`, with `slack` pixels of tolerance. */
export function contains(outer: Box, inner: Box, slack = 0): boolean {
  return (
    inner.x >= outer.x - slack &&
    inner.y >= outer.y - slack &&
    right(inner) <= right(outer) + slack &&
    bottom(inner) <= bottom(outer) + slack
  );
}

/** The common part of two boxes; its width or height is 0 when they do not meet. */
export function intersect(a: Box, b: Box): Box {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.max(0, Math.min(right(a), right(b)) - x);
  const height = Math.max(0, Math.min(bottom(a), bottom(b)) - y);
  return { x, y, width, height };
}

/** The smallest box around all of them. */
export function union(boxes: readonly Box[]): Box {
  const left = Math.min(...boxes.map((box) => box.x));
  const top = Math.min(...boxes.map((box) => box.y));
  return boxOf(left, top, Math.max(...boxes.map(right)), Math.max(...boxes.map(bottom)));
}

/** The box on whole pixels, inside a picture of `width` × `height`. */
export function toPixels(box: Box, width: number, height: number): Box {
  const left = Math.min(width, Math.max(0, Math.floor(box.x)));
  const top = Math.min(height, Math.max(0, Math.floor(box.y)));
  const rightEdge = Math.min(width, Math.max(left, Math.ceil(right(box))));
  return boxOf(left, top, rightEdge, Math.min(height, Math.max(top, Math.ceil(bottom(box)))));
}
