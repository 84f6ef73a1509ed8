import type { paths } from './generated/openapi.js';
import type * as money from './money-types.js';

type Answer<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends {
  responses: { 200: { content: { 'application/json': infer A } } };
}
  ? A
  : never;

type RunAnswer = Answer<'/v1/runs/{id}', 'get'>;
type RefreshAnswer = Answer<'/v1/segments/refreshes/{id}', 'get'>;

/** A journey. */
export function journey(answer: Answer<'/v1/journeys/{id}', 'get'>): money.Journey {
  const { costMicros, createdAt, ...rest } = answer;
  return { ...rest, costMicros: BigInt(costMicros), createdAt: new Date(createdAt) };
}

/** A run. */
export function run(answer: RunAnswer): money.Run {
  return {
    ...answer,
    requestedAt: new Date(answer.requestedAt),
    finishedAt: answer.finishedAt === null ? null : new Date(answer.finishedAt),
  };
}

/** A refresh. */
export function refresh(answer: RefreshAnswer): money.Refresh {
  return {
    ...answer,
    requestedAt: new Date(answer.requestedAt),
    finishedAt: answer.finishedAt === null ? null : new Date(answer.finishedAt),
  };
}

/** A report. */
export function report(answer: Answer<'/v1/journeys/{id}/report', 'get'>): money.JourneyReport {
  return {
    ...answer,
    spentMicros: BigInt(answer.spentMicros),
    dryRun: { ...answer.dryRun, costMicros: BigInt(answer.dryRun.costMicros) },
    latestRun: answer.latestRun === null ? null : run(answer.latestRun),
  };
}
