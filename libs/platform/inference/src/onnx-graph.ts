import { ProtobufWriter } from './protobuf.js';

const FLOAT = 1;
const INT64 = 7;
const DOUBLE = 11;
const IR_VERSION = 8;
const OPSET = 17;

/** An attribute of an operator: integers or one float. */
export type OnnxAttribute = readonly number[] | number;

/** A constant of a graph. */
export interface OnnxTensor {
  readonly dims: readonly number[];
  readonly values: readonly number[];
  readonly isInt64?: boolean;
}

/** One operator. */
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** Sizes of a tensor; one that is free has a name instead. */
export type OnnxDims = readonly (number | string)[];

/** A graph of float tensors (onnx.proto3 of ONNX 1.12, opset 17). */
export interface OnnxGraph {
  readonly name: string;
  readonly doc: string;
  /** True: its floats have 64 bits. */
  readonly isDouble?: boolean;
  readonly inputs: Readonly<Record<string, OnnxDims>>;
  readonly outputs: Readonly<Record<string, OnnxDims>>;
  readonly constants: Readonly<Record<string, OnnxTensor>>;
  readonly nodes: readonly OnnxNode[];
}

function attribute(name: string, value: OnnxAttribute): ProtobufWriter {
  const writer = new ProtobufWriter().bytes(1, name);
  if (typeof value === 'number') return writer.int(3, value).int(20, 2);
  for (const item of value) writer.int(8, item);
  return writer.int(20, 7);
}

function node({ op, inputs, output, attributes = {} }: OnnxNode): ProtobufWriter {
  const writer = new ProtobufWriter();
  for (const input of inputs) writer.bytes(1, input);
  writer.bytes(2, output).bytes(3, output).bytes(4, op);
  for (const [name, value] of Object.entries(attributes)) writer.bytes(5, attribute(name, value));
  return writer;
}

function tensor(
  name: string,
  { dims, values, isInt64 = false }: OnnxTensor,
  isDouble: boolean,
): ProtobufWriter {
  const writer = new ProtobufWriter();
  for (const dim of dims) writer.int(1, dim);
  const isWide = isInt64 || isDouble;
  const raw = new DataView(new ArrayBuffer(values.length * (isWide ? 8 : 4)));
  values.forEach((value, i) => {
    if (isInt64) raw.setBigInt64(8 * i, BigInt(value), true);
    else if (isDouble) raw.setFloat64(8 * i, value, true);
    else raw.setFloat32(4 * i, value, true);
  });
  writer.int(2, isInt64 ? INT64 : isDouble ? DOUBLE : FLOAT).bytes(8, name);
  return writer.bytes(9, new Uint8Array(raw.buffer));
}

function valueInfo(name: string, dims: OnnxDims, isDouble: boolean): ProtobufWriter {
  const shape = new ProtobufWriter();
  for (const dim of dims) {
    const size = new ProtobufWriter();
    shape.bytes(1, typeof dim === 'number' ? size.int(1, dim) : size.bytes(2, dim));
  }
  const type = new ProtobufWriter().int(1, isDouble ? DOUBLE : FLOAT).bytes(2, shape);
  return new ProtobufWriter().bytes(1, name).bytes(2, new ProtobufWriter().bytes(1, type));
}

/** The bytes of an ONNX file; the same graph gives the same bytes. */
export function encodeOnnx(graph: OnnxGraph): Uint8Array {
  const { isDouble = false } = graph;
  const body = new ProtobufWriter();
  for (const each of graph.nodes) body.bytes(1, node(each));
  body.bytes(2, graph.name);
  for (const [name, value] of Object.entries(graph.constants)) {
    body.bytes(5, tensor(name, value, isDouble));
  }
  body.bytes(10, graph.doc);
  for (const [field, values] of [[11, graph.inputs] as const, [12, graph.outputs] as const]) {
    for (const [name, dims] of Object.entries(values)) {
      body.bytes(field, valueInfo(name, dims, isDouble));
    }
  }
  return new ProtobufWriter()
    .int(1, IR_VERSION)
    .bytes(2, 'kiki')
    .bytes(7, body)
    .bytes(8, new ProtobufWriter().bytes(1, '').int(2, OPSET))
    .finish();
}
