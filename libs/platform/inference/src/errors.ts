import { defineErrors } from '@kiki/kernel';

/** What can go wrong with a graph. */
export const errors = defineErrors({
  onnx_runtime_missing: {
    kind: 'unavailable',
    title: 'The runtime of ONNX graphs cannot be loaded.',
    fix: 'Install the npm package onnxruntime-node beside KIKI (a build for this platform), then retry.',
  },
  onnx_graph_invalid: {
    kind: 'invalid',
    title: 'The ONNX graph cannot be loaded.',
    fix: 'Check the file with the onnx checker; opsets and operators must be those of the installed onnxruntime.',
  },
  onnx_run_failed: {
    kind: 'unavailable',
    title: 'The process that runs the ONNX graph failed, ended or took too long.',
    fix: 'Retry: the next call starts a new process; if it happens again, look at the message.',
  },
});
