/** The committed ONNX file; a spec compares it with the graph that it is written from. */
export const modelUrl = new URL('../../../models/saliency-1.onnx', import.meta.url);
