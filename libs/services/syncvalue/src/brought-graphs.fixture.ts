import {
  OnnxFeature,
  OnnxInputType,
  OnnxOutputMeaning,
  type OnnxDeclaration,
} from '@kiki/contract-syncvalue';
import { encodeOnnx, type OnnxGraph, type OnnxNode } from '@kiki/inference';

/** Shape and rate of the population of the graphs here; days. */
const R = 0.6;
const ALPHA = 45;

/** What `rateGraph` says: the NBD's expectation (r + x) / (α + T) · t, all times in days. */
export function ratePurchases(x: number, ageDays: number, horizonDays: number): number {
  return ((R + x) / (ALPHA + ageDays)) * horizonDays;
}

/** One column of the input as [n, 1]. */
function column(
  name: string,
  index: number,
  width: number,
): Pick<OnnxGraph, 'constants'> & { node: OnnxNode } {
  const values = Array.from({ length: width }, (_, i) => Number(i === index));
  return {
    constants: { [`pick_${name}`]: { dims: [width, 1], values } },
    node: { op: 'MatMul', inputs: ['features', `pick_${name}`], output: name },
  };
}

/**
 * Expected purchases at a customer's own rate. Input: repeat purchases, age and, unless the horizon is fixed,
 * horizon; days.
 */
export function rateGraph(
  options: { isDouble?: boolean; fixedHorizonDays?: number } = {},
): OnnxGraph {
  const { isDouble = false, fixedHorizonDays } = options;
  const width = fixedHorizonDays === undefined ? 3 : 2;
  const [x, age, horizon] = ['x', 'age', 'horizon'].map((name, i) => column(name, i, width));
  const isFixed = fixedHorizonDays !== undefined;
  return {
    name: 'rate',
    doc: 'The NBD’s expected purchases.',
    isDouble,
    inputs: { features: ['n', width] },
    outputs: { purchases: ['n', 1] },
    constants: {
      ...x?.constants,
      ...age?.constants,
      ...(isFixed ? {} : horizon?.constants),
      r: { dims: [1], values: [R] },
      alpha: { dims: [1], values: [ALPHA] },
      ...(isFixed && { horizon: { dims: [1], values: [fixedHorizonDays] } }),
    },
    nodes: [
      ...[x, age, ...(isFixed ? [] : [horizon])].flatMap((picked) => picked?.node ?? []),
      { op: 'Add', inputs: ['x', 'r'], output: 'shape' },
      { op: 'Add', inputs: ['age', 'alpha'], output: 'rate' },
      { op: 'Div', inputs: ['shape', 'rate'], output: 'perDay' },
      { op: 'Mul', inputs: ['perDay', 'horizon'], output: 'purchases' },
    ],
  };
}

/** Revenue: the purchases of `rateGraph` times a third input, the mean repeat spend, for a fixed horizon. */
export function revenueGraph(horizonDays: number): OnnxGraph {
  const [x, age, spend] = ['x', 'age', 'spend'].map((name, i) => column(name, i, 3));
  const rate = rateGraph({ fixedHorizonDays: horizonDays });
  return {
    ...rate,
    name: 'revenue',
    inputs: { features: ['n', 3] },
    outputs: { revenue: ['n', 1] },
    constants: { ...rate.constants, ...x?.constants, ...age?.constants, ...spend?.constants },
    nodes: [
      ...rate.nodes,
      ...(spend === undefined ? [] : [spend.node]),
      { op: 'Mul', inputs: ['purchases', 'spend'], output: 'revenue' },
    ],
  };
}

/** `rateGraph` whose last operators are replaced or followed by others. */
export function rateGraphThen(
  nodes: readonly OnnxNode[],
  more: OnnxGraph['constants'] = {},
): OnnxGraph {
  const graph = rateGraph();
  const [last] = graph.nodes.slice(-1);
  return {
    ...graph,
    constants: { ...graph.constants, ...more },
    nodes: [
      ...graph.nodes.slice(0, -1),
      ...(last === undefined ? [] : [{ ...last, output: 'before' }]),
      ...nodes,
    ],
  };
}

/** The declaration of `rateGraph`. */
export function rateDeclaration(more: Partial<OnnxDeclaration> = {}): OnnxDeclaration {
  return {
    name: 'rate',
    features: [OnnxFeature.REPEAT_PURCHASES, OnnxFeature.AGE_DAYS, OnnxFeature.HORIZON_DAYS],
    inputName: 'features',
    inputType: OnnxInputType.FLOAT32,
    outputName: 'purchases',
    outputMeaning: OnnxOutputMeaning.PURCHASES,
    trainedHorizonDays: undefined,
    currency: 'USD',
    trainedUntil: undefined,
    ...more,
  };
}

/** The declaration of `revenueGraph`. */
export function revenueDeclaration(horizonDays: number): OnnxDeclaration {
  return rateDeclaration({
    name: 'revenue',
    features: [OnnxFeature.REPEAT_PURCHASES, OnnxFeature.AGE_DAYS, OnnxFeature.MEAN_REPEAT_SPEND],
    outputName: 'revenue',
    outputMeaning: OnnxOutputMeaning.REVENUE,
    trainedHorizonDays: horizonDays,
  });
}

export { encodeOnnx };
