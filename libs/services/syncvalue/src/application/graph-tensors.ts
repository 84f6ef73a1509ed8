import { inferenceErrors, type TensorData } from '@kiki/inference';
import type { OnnxDeclaration } from '../domain/onnx-declaration.js';
import type { OnnxInput } from '../domain/onnx-input.js';

type Tensors = Readonly<Record<string, TensorData>>;

/** The tensors that a declared graph is run on. */
export function graphFeeds(declaration: OnnxDeclaration, { rows, data }: OnnxInput): Tensors {
  const { inputName, inputType, features } = declaration;
  return { [inputName]: { type: inputType, dims: [rows, features.length], data } };
}

/** The numbers that it gave, one a row. @throws onnx_run_failed when there are not as many */
export function graphOutputs(
  { outputName }: OnnxDeclaration,
  { rows }: OnnxInput,
  results: Tensors,
): Float64Array {
  const output = results[outputName];
  if (output === undefined || output.data.length !== rows) {
    const shape = output === undefined ? 'nothing' : `[${output.dims.join(', ')}]`;
    throw inferenceErrors.onnx_run_failed(`The graph gave ${shape} for ${rows} rows.`);
  }
  return Float64Array.from(output.data as ArrayLike<number>);
}
