import { constants, setPriority } from 'node:os';
import { platform } from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { DomainError, kernelErrors } from '@kiki/kernel';
import { PostgresDatabase } from '@kiki/postgres';
import { forecastLog } from './application/forecast-job.js';
import { fitLog, scoreLog } from './application/log-jobs.js';
import { measureLog, scoreGivenLog } from './application/onnx-jobs.js';
import type { OnProgress } from './domain/fitting.js';
import { logScan } from './adapters/postgres/day-scan.js';
import { openGraph } from './adapters/worker/open-graph.js';
import type {
  WireError,
  WorkerMessage,
  WorkerOutcome,
  WorkerTask,
} from './adapters/worker/protocol.js';

/** The thread's program and composition root: does the one job it was started with. */
async function main(task: WorkerTask): Promise<void> {
  const say = (message: WorkerMessage): void => parentPort?.postMessage(message);
  const onProgress: OnProgress = (stage, fraction) => say({ kind: 'progress', stage, fraction });
  try {
    say({ kind: 'done', outcome: await work(task, onProgress) });
  } catch (error) {
    say({ kind: 'failed', error: wireError(error) });
  }
}

/** On a connection of its own: rows are parsed here and not where calls are answered. */
async function work(task: WorkerTask, onProgress: OnProgress): Promise<WorkerOutcome> {
  const database = new PostgresDatabase({ ...task.store, max: 1 });
  const scan = logScan(database);
  try {
    switch (task.kind) {
      case 'fit':
        return await fitLog(scan, task.job, onProgress);
      case 'score':
        return await scoreLog(scan, task.job, onProgress);
      case 'forecast':
        return await forecastLog(scan, task.job, onProgress);
      case 'measure':
        return await measureLog(scan, openGraph, task.job, onProgress);
      case 'scoreGiven':
        return await scoreGivenLog(scan, openGraph, task.job, onProgress);
    }
  } finally {
    await database.close();
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
await main(workerData as WorkerTask);
