import type { paths } from './generated/openapi.js';

type Answer<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends {
  responses: { 200: { content: { 'application/json': infer A } } };
}
  ? A
  : never;

/** Answer of the budget routes. */
export type BudgetAnswer = Answer<'/v1/budgets/{id}', 'get'>;
/** Answer of the hold routes. */
export type HoldAnswer = Answer<'/v1/holds/{id}', 'get'>;
/** Why a hold was denied. */
export type DenialAnswer = NonNullable<HoldAnswer['denial']>;
/** Answer of the settlement routes. */
export type SettlementAnswer = Answer<'/v1/holds/{id}/capture', 'post'>;
/** Answer of GET /check. */
export type CheckAnswer = Answer<'/check', 'get'>;
/** Error of one item of a batch. */
export type ItemError = NonNullable<Answer<'/v1/holds/batch', 'post'>['results'][number]['error']>;
