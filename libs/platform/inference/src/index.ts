export { errors as inferenceErrors } from './errors.js';
export type { TensorData, TensorInfo } from './graph-child.js';
export { GraphProcess, type GraphProcessOptions, type Provider } from './graph-process.js';
export {
  encodeOnnx,
  type OnnxAttribute,
  type OnnxDims,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
} from './onnx-graph.js';
