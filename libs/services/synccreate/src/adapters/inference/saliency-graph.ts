import type { OnnxGraph, OnnxNode } from '@kiki/inference';

/** Side of the square picture that the graph takes. */
export const SALIENCY_SIDE = 96;

const N = SALIENCY_SIDE;
const [IMAGE, MAP] = [
  [1, 3, N, N],
  [1, 1, N, N],
];

/** Mean over a k × k neighbourhood; the picture's border does not count. */
const blur = (input: string, output: string, k: number): OnnxNode => ({
  op: 'AveragePool',
  inputs: [input],
  output,
  attributes: { kernel_shape: [k, k], pads: Array<number>(4).fill((k - 1) / 2), strides: [1, 1] },
});

const bell = (i: number): number => Math.exp(-(((i + 0.5) / N - 0.5) ** 2) / (2 * 0.34 ** 2));

/**
 * What the eye goes to first, in the manner of Itti, Koch and Niebur (1998): brightness, red-green and
 * blue-yellow channels; the difference between a point and its surroundings at two scales; the channels'
 * sum, smoothed, with a weak preference for the middle, largest value 1. Nothing is learned: the weights
 * are written here.
 */
export const saliencyGraph: OnnxGraph = {
  name: 'kiki-saliency-1',
  doc: 'Centre-surround saliency: input RGB 0..1, output map 0..1.',
  inputs: { image: IMAGE ?? [] },
  outputs: { map: MAP ?? [] },
  constants: {
    opponent: {
      dims: [3, 3, 1, 1],
      values: [0.299, 0.587, 0.114, 0.5, -0.5, 0, -0.25, -0.25, 0.5],
    },
    channels: { dims: [1, 3, 1, 1], values: [1, 1.6, 1.6] },
    rows: { dims: [1, 1, N, 1], values: Array.from({ length: N }, (_, i) => bell(i)) },
    columns: { dims: [1, 1, 1, N], values: Array.from({ length: N }, (_, i) => bell(i)) },
    least: { dims: [1], values: [1e-6] },
  },
  nodes: [
    {
      op: 'Conv',
      inputs: ['image', 'opponent'],
      output: 'opposed',
      attributes: { kernel_shape: [1, 1] },
    },
    blur('opposed', 'centre', 3),
    blur('opposed', 'near', 13),
    blur('opposed', 'far', 37),
    { op: 'Sub', inputs: ['centre', 'near'], output: 'nearStep' },
    { op: 'Sub', inputs: ['centre', 'far'], output: 'farStep' },
    { op: 'Abs', inputs: ['nearStep'], output: 'nearSize' },
    { op: 'Abs', inputs: ['farStep'], output: 'farSize' },
    { op: 'Add', inputs: ['nearSize', 'farSize'], output: 'steps' },
    {
      op: 'Conv',
      inputs: ['steps', 'channels'],
      output: 'sum',
      attributes: { kernel_shape: [1, 1] },
    },
    blur('sum', 'smooth', 7),
    { op: 'Mul', inputs: ['smooth', 'rows'], output: 'byRow' },
    { op: 'Mul', inputs: ['byRow', 'columns'], output: 'centred' },
    {
      op: 'ReduceMax',
      inputs: ['centred'],
      output: 'peak',
      attributes: { axes: [1, 2, 3], keepdims: 1 },
    },
    { op: 'Max', inputs: ['peak', 'least'], output: 'divisor' },
    { op: 'Div', inputs: ['centred', 'divisor'], output: 'map' },
  ],
};
