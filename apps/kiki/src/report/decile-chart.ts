import { cellText } from '@kiki/cli';
import { box, typeset, type ElementNode } from './typeset.js';

/** One tenth of the customers, the most promising first. */
export interface DecileBar {
  readonly decile: number;
  readonly predictedPurchases: number;
  readonly actualPurchases: number;
}

const BAR_COLUMNS = 40;

/** The chart for a terminal: two bars per decile, to one scale. */
export function decileChartText(bars: readonly DecileBar[]): string {
  const most = Math.max(1, ...bars.flatMap((b) => [b.predictedPurchases, b.actualPurchases]));
  const line = (label: string, value: number, mark: string): string => {
    const length = Math.round((value / most) * BAR_COLUMNS);
    return `${label} ${mark.repeat(length).padEnd(BAR_COLUMNS)} ${cellText(Math.round(value))}`;
  };
  return [
    'Purchases in the holdout by decile of the prediction (1 = most promising tenth)',
    ...bars.flatMap(({ decile, predictedPurchases, actualPurchases }) => [
      line(`${String(decile).padStart(2)} predicted`, predictedPurchases, '░'),
      line('   actual   ', actualPurchases, '█'),
    ]),
  ].join('\n');
}

const SIZE = { width: 960, height: 540 } as const;
const PLOT = { left: 80, right: 930, top: 96, bottom: 468 } as const;
const INK = '#1f2937';
const MUTED = '#6b7280';
const PREDICTED = '#93c5fd';
const ACTUAL = '#1d4ed8';

/** The chart as SVG; `subtitle` says what was fitted to what. */
export function decileChartSvg(bars: readonly DecileBar[], subtitle: string): Promise<string> {
  const most = Math.max(1, ...bars.flatMap((b) => [b.predictedPurchases, b.actualPurchases]));
  const ceiling = roundCeiling(most);
  return typeset([...heading(subtitle), ...grid(ceiling), ...columns(bars, ceiling)], SIZE);
}

/** The next 1, 2, 2.5 or 5 times a power of ten. */
function roundCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 2.5, 5, 10].find((step) => step * power >= value) ?? 10);
}

function heading(subtitle: string): ElementNode[] {
  const legend = (x: number, color: string, text: string): ElementNode[] => [
    box({ x, y: 62, width: 14, height: 14 }, { backgroundColor: color }),
    box({ x: x + 20, y: 59 }, { fontSize: 15, color: INK }, text),
  ];
  return [
    box({ x: 32, y: 18 }, { fontSize: 24, fontWeight: 700, color: INK }, 'LTV model: decile chart'),
    box(
      { x: 400, y: 24, width: 530 },
      { fontSize: 14, color: MUTED, justifyContent: 'flex-end' },
      subtitle,
    ),
    ...legend(80, PREDICTED, 'predicted purchases'),
    ...legend(260, ACTUAL, 'actual purchases in the holdout'),
  ];
}

function grid(ceiling: number): ElementNode[] {
  const lines = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => {
    const y = PLOT.bottom - share * (PLOT.bottom - PLOT.top);
    return [
      box(
        { x: PLOT.left, y, width: PLOT.right - PLOT.left, height: 1 },
        { backgroundColor: '#e5e7eb' },
      ),
      box(
        { x: 8, y: y - 9, width: PLOT.left - 16 },
        { fontSize: 13, color: MUTED, justifyContent: 'flex-end' },
        cellText(Math.round(share * ceiling)),
      ),
    ];
  });
  const label = 'tenths of the customers by predicted purchases, most promising first';
  const axis = { x: PLOT.left, y: 502, width: PLOT.right - PLOT.left };
  return [...lines, box(axis, { fontSize: 14, color: MUTED, justifyContent: 'center' }, label)];
}

function columns(bars: readonly DecileBar[], ceiling: number): ElementNode[] {
  const slot = (PLOT.right - PLOT.left) / bars.length;
  const width = slot * 0.34;
  return bars.flatMap(({ decile, predictedPurchases, actualPurchases }, index) => {
    const middle = PLOT.left + slot * (index + 0.5);
    const column = (x: number, value: number, color: string): ElementNode => {
      const height = Math.max(1, (value / ceiling) * (PLOT.bottom - PLOT.top));
      return box({ x, y: PLOT.bottom - height, width, height }, { backgroundColor: color });
    };
    const place = { x: middle - slot / 2, y: PLOT.bottom + 8, width: slot };
    return [
      column(middle - width, predictedPurchases, PREDICTED),
      column(middle, actualPurchases, ACTUAL),
      box(place, { fontSize: 14, color: INK, justifyContent: 'center' }, String(decile)),
    ];
  });
}
