import { GraphProcess } from '@kiki/inference';
import type { GraphFile, OpenGraph } from '../../application/onnx-jobs.js';
import { graphFeeds, graphOutputs } from '../../application/graph-tensors.js';

/** Longest run of one batch of a whole population, milliseconds. */
const RUN_TIMEOUT_MS = 60_000;

/** Loads a graph in a process of its own; it ends with this one. @throws as GraphProcess.start */
export async function openGraph({ file, declaration }: GraphFile): Promise<OpenGraph> {
  const process = await GraphProcess.start({ file, runTimeoutMs: RUN_TIMEOUT_MS });
  return {
    inputs: process.inputs,
    outputs: process.outputs,
    run: async (input) =>
      graphOutputs(declaration, input, await process.run(graphFeeds(declaration, input))),
    close: () => process.close(),
  };
}
