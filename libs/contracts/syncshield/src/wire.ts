import type { FieldProblem } from '@kiki/kernel';
import type { CapKind, HoldReason } from './money-types.js';

/** A cap in an answer. */
export interface CapAnswer {
  id: string;
  kind: CapKind;
  limitMicros: number;
  timeZone: string | null;
  windowMs: number | null;
  spentMicros: number;
  heldMicros: number;
  headroomMicros: number;
}

/** Answer of the budget routes. */
export interface BudgetAnswer {
  id: string;
  parentId: string | null;
  name: string;
  currency: string;
  isPaused: boolean;
  spentMicros: number;
  heldMicros: number;
  caps: CapAnswer[];
  createdAt: string;
}

/** Why a hold was denied. */
export interface DenialAnswer {
  budgetId: string;
  capId: string | null;
  kind: CapKind | null;
  limitMicros: number | null;
  spentMicros: number | null;
  heldMicros: number | null;
  headroomMicros: number | null;
}

/** Answer of the hold routes. */
export interface HoldAnswer {
  id: string;
  decision: 'approved' | 'denied';
  reason: HoldReason;
  budgetId: string;
  amountMicros: number;
  currency: string;
  state: 'held' | 'captured' | 'voided' | 'expired' | 'denied';
  capturedMicros: number;
  lateMicros: number;
  decidedAt: string;
  expiresAt: string | null;
  releaseAt: string | null;
  denial: DenialAnswer | null;
}

/** Answer of the settlement routes. */
export interface SettlementAnswer {
  settlementId: string;
  outcome: 'captured' | 'voided' | 'late_spend' | 'already_settled';
  capturedMicros: number;
  lateMicros: number;
  hold: HoldAnswer;
}

/** Answer of GET /check. */
export interface CheckAnswer {
  allowed: boolean;
  reason: HoldReason;
  headroomMicros: number;
}

/** Error of one item of a batch. */
export interface ItemError {
  code: string;
  detail: string;
  fields?: FieldProblem[];
}

interface CapBody {
  id?: string;
  kind: CapKind;
  limitMicros: number;
  timeZone?: string;
  windowMs?: number;
}

interface BudgetBody {
  id: string;
  parentId?: string;
  name: string;
  currency: string;
  caps: CapBody[];
}

interface HoldBody {
  id: string;
  budgetId: string;
  amountMicros: number;
  currency: string;
  expiresInMs?: number;
  graceMs?: number;
  purpose?: string;
  reference?: string;
}

interface SettlementBody {
  settlementId: string;
  holdId: string;
  action: 'capture' | 'void';
  amountMicros?: number;
}

interface Answers<Answer, Parameters = { path?: never; query?: never }> {
  parameters: Parameters;
  requestBody?: never;
  responses: { 200: { content: { 'application/json': Answer } } };
}

interface Route<Body, Answer, Parameters = { path?: never; query?: never }> extends Omit<
  Answers<Answer, Parameters>,
  'requestBody'
> {
  requestBody: { content: { 'application/json': Body } };
}

interface ById {
  path: { id: string };
  query?: never;
}

/** The routes, in the shape openapi-fetch reads. */
export interface paths {
  '/v1/budgets': { post: Route<BudgetBody, BudgetAnswer> };
  '/v1/budgets/{id}': { get: Answers<BudgetAnswer, ById> };
  '/v1/budgets/{id}/caps': { put: Route<{ caps: CapBody[] }, BudgetAnswer, ById> };
  '/v1/budgets/{id}/pause': { post: Answers<BudgetAnswer, ById> };
  '/v1/budgets/{id}/resume': { post: Answers<BudgetAnswer, ById> };
  '/v1/holds': { post: Route<HoldBody, HoldAnswer> };
  '/v1/holds/batch': {
    post: Route<{ holds: HoldBody[] }, { results: { hold?: HoldAnswer; error?: ItemError }[] }>;
  };
  '/v1/holds/{id}': { get: Answers<HoldAnswer, ById> };
  '/v1/holds/{id}/capture': {
    post: Route<{ settlementId: string; amountMicros?: number }, SettlementAnswer, ById>;
  };
  '/v1/holds/{id}/void': { post: Route<{ settlementId: string }, SettlementAnswer, ById> };
  '/v1/settlements/batch': {
    post: Route<
      { settlements: SettlementBody[] },
      { results: { settlement?: SettlementAnswer; error?: ItemError }[] }
    >;
  };
  '/check': {
    get: Answers<
      CheckAnswer,
      { path?: never; query: { budgetId: string; amountMicros: number; currency?: string } }
    >;
  };
}
