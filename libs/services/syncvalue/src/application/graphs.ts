import type { ValuedCustomer } from '@kiki/clv';
import type { OnnxModel } from '../domain/onnx-declaration.js';
import type { OnnxInput } from '../domain/onnx-input.js';
import type { OnnxOutcome, OnnxPredictor } from '../domain/onnx-predictor.js';

/** Stored graphs, and processes that run them; one that dies takes nobody along. */
export abstract class Graphs {
  /** One output per row, in one run. @throws onnx_unavailable */
  abstract run(tenant: string, model: OnnxModel, input: OnnxInput): Promise<Float64Array>;
  /** Hands the graph over as a file, which is gone afterwards. @throws onnx_unavailable */
  abstract withFile<T>(
    tenant: string,
    model: OnnxModel,
    work: (file: string) => Promise<T>,
  ): Promise<T>;
}

/** Where graphs are kept. */
export abstract class GraphPieces {
  /** A graph in order; nothing where there is none. */
  abstract read(tenant: string, sha256: string): AsyncIterable<Uint8Array>;
}

/** A graph as it came in, on disk. */
export interface ReceivedGraph {
  readonly file: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
}

/** Takes graphs in. */
export abstract class GraphIntake {
  /**
   * Receives a graph piece by piece, as it comes, and hands it over as a file, which is gone afterwards.
   * @throws onnx_graph_too_large, unavailable where too many are being received already
   */
  abstract receive<T>(
    pieces: AsyncIterable<Uint8Array>,
    work: (graph: ReceivedGraph) => Promise<T>,
  ): Promise<T>;
}

/** Predicts customers by a brought model, in one run of its graph. @throws onnx_unavailable */
export async function askGraph(
  graphs: Graphs,
  tenant: string,
  predictor: OnnxPredictor,
  customers: readonly (ValuedCustomer | undefined)[],
): Promise<OnnxOutcome[]> {
  if (customers.length === 0) return [];
  const outputs = await graphs.run(tenant, predictor.artefact.onnx, predictor.ask(customers));
  return predictor.answers(customers, outputs);
}
