import { constants, setPriority } from 'node:os';
import { platform } from 'node:process';
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

/**
 * Fits can wait, calls cannot: where cores are short, the thread that answers goes first. Only on Linux is a priority
 * that of a thread; elsewhere it is the whole process's.
 */
function giveWay(): void {
  if (platform !== 'linux') return;
  try {
    setPriority(constants.priority.PRIORITY_LOW);
  } catch {
    // Forbidden, e.g. in a sandbox: then threads share as equals.
  }
}

giveWay();
main(workerData as WorkerJob);
