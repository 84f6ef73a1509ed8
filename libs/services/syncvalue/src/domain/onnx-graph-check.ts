import type { FieldProblem } from '@kiki/kernel';
import type { OnnxDeclaration } from './onnx-declaration.js';

/** What a graph takes or gives under one name; free dimensions are undefined. */
export interface OnnxTensorShape {
  readonly name: string;
  /** Undefined where it is no tensor. */
  readonly type: string | undefined;
  readonly dims: readonly (number | undefined)[];
}

/** A graph as its runtime describes it. */
export interface OnnxSignature {
  readonly inputs: readonly OnnxTensorShape[];
  readonly outputs: readonly OnnxTensorShape[];
}

/** Where a graph does not keep to its declaration; empty where it does. */
export function graphProblems(
  declaration: OnnxDeclaration,
  { inputs, outputs }: OnnxSignature,
): FieldProblem[] {
  const { inputName, outputName, inputType, features } = declaration;
  const input = inputs.find(({ name }) => name === inputName);
  const output = outputs.find(({ name }) => name === outputName);
  const fields: FieldProblem[] = [];
  const require = (isTrue: boolean, field: string, expected: string): void => {
    if (!isTrue) fields.push({ field: `declaration.${field}`, expected });
  };
  const isOnly = input !== undefined && inputs.length === 1;
  require(isOnly, 'input_name', `the only input of the graph, which has ${namesOf(inputs)}`);
  if (input !== undefined) {
    require(input.type === inputType, 'input_type', `${typeOf(input)}, as the graph has it`);
    const width = features.length;
    const [n, columns, ...more] = input.dims;
    const isTable = n === undefined && canBe(columns, width) && more.length === 0;
    const expected = `an input [n, ${width}] with a free n, not ${shapeOf(input)}`;
    require(isTable && input.dims.length === 2, 'features', expected);
  }
  const isThere = output !== undefined;
  require(isThere, 'output_name', `an output of the graph, which has ${namesOf(outputs)}`);
  if (output !== undefined) {
    const isFloat = output.type === 'float32' || output.type === 'float64';
    const [n, width, ...more] = output.dims;
    const isColumn = n === undefined && more.length === 0 && (width === undefined || width === 1);
    const expected = `a float32 or float64 output [n] or [n, 1], not ${typeOf(output)} ${shapeOf(output)}`;
    require(isFloat && isColumn, 'output_name', expected);
  }
  return fields;
}

function canBe(dim: number | undefined, size: number): boolean {
  return dim === undefined || dim === size;
}

function namesOf(tensors: readonly OnnxTensorShape[]): string {
  return tensors.map(({ name }) => name).join(', ') || 'none';
}

function typeOf({ type }: OnnxTensorShape): string {
  return type ?? 'something that is no tensor';
}

function shapeOf({ dims }: OnnxTensorShape): string {
  return `[${dims.map((dim) => dim ?? '?').join(', ')}]`;
}
