import { parentPort, workerData } from 'node:worker_threads';
import { DomainError, kernelErrors } from '@kiki/kernel';
import { fit } from '../../domain/fitting.js';
import { score } from '../../domain/scoring.js';
import type { WireError, WorkerJob, WorkerMessage } from './protocol.js';

/** The thread's program: does the one job it was started with. */
function main(task: WorkerJob): void {
  const say = (message: WorkerMessage): void => parentPort?.postMessage(message);
  const onProgress = (stage: string, fraction: number): void =>
    say({ kind: 'progress', stage, fraction });
  try {
    const outcome = task.kind === 'fit' ? fit(task.job, onProgress) : score(task.job, onProgress);
    say({ kind: 'done', outcome });
  } catch (error) {
    say({ kind: 'failed', error: wireError(error) });
  }
}

function wireError(error: unknown): WireError {
  const { code, kind, message, details } = DomainError.is(error)
    ? error
    : kernelErrors.internal(error instanceof Error ? error.message : String(error));
  return { code, kind, message, details };
}

main(workerData as WorkerJob);
