import type { Scene, TextBlock } from './scene.js';

/** An element as satori takes it: plain data, no framework. */
export interface ElementNode {
  readonly type: 'div';
  readonly props: {
    readonly style: Readonly<Record<string, string | number>>;
    readonly children?: string | readonly ElementNode[];
  };
}

/** Family names under which the subsets of the font are registered, in order of preference. */
export const FONT_FAMILIES = [
  'Inter latin',
  'Inter latin-ext',
  'Inter cyrillic',
  'Inter cyrillic-ext',
  'Inter greek',
  'Inter vietnamese',
] as const;

function lineNodes(block: TextBlock): ElementNode[] {
  return block.lines.map((line) => ({
    type: 'div',
    props: {
      style: {
        position: 'absolute',
        display: 'flex',
        left: line.box.x,
        top: line.box.y,
        fontSize: block.sizePx,
        fontWeight: block.weight,
        lineHeight: `${block.leadingPx}px`,
        letterSpacing: block.tracking * block.sizePx,
        whiteSpace: 'pre',
        color: block.color,
      },
      children: line.text,
    },
  }));
}

/** The scene's texts as an element tree: every line has its place, nothing is left to wrapping. */
export function textTree(scene: Scene): ElementNode {
  return {
    type: 'div',
    props: {
      style: {
        display: 'flex',
        position: 'relative',
        width: scene.width,
        height: scene.height,
        fontFamily: FONT_FAMILIES.map((name) => `'${name}'`).join(', '),
      },
      children: scene.blocks.flatMap(lineNodes),
    },
  };
}
