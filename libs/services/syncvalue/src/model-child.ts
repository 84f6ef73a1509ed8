import { flushCompileCache } from 'node:module';
import process from 'node:process';
import { DomainError, kernelErrors } from '@kiki/kernel';
import { PostgresDatabase } from '@kiki/postgres';
import { forecastLog } from './application/forecast-job.js';
import { fitLog, scoreLog } from './application/log-jobs.js';
import { measureLog, scoreGivenLog } from './application/onnx-jobs.js';
import type { OnProgress } from './domain/fitting.js';
import { logScan } from './adapters/postgres/day-scan.js';
import { openGraph } from './adapters/process/open-graph.js';
import type {
  WireError,
  ChildMessage,
  ChildOutcome,
  ChildTask,
} from './adapters/process/protocol.js';

/** The child's program and composition root: does the one job it is sent, and is killed when it has said so. */
async function main(task: ChildTask): Promise<void> {
  // Node writes it when a process ends by itself, as this one never does; nothing where
  // NODE_COMPILE_CACHE is not set.
  flushCompileCache();
  const say = (message: ChildMessage): void => void process.send?.(message);
  const onProgress: OnProgress = (stage, fraction) => say({ kind: 'progress', stage, fraction });
  try {
    say({ kind: 'done', outcome: await work(task, onProgress) });
  } catch (error) {
    say({ kind: 'failed', error: wireError(error) });
  }
}

/** On a connection of its own: rows are parsed here and not where calls are answered. */
async function work(task: ChildTask, onProgress: OnProgress): Promise<ChildOutcome> {
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

// Who wanted it is gone.
process.once('disconnect', () => process.exit());
process.once('message', (task) => void main(task as ChildTask));
