/** One request under an Idempotency-Key. */
export interface IdempotentRequest {
  readonly tenant: string;
  /** Method and route pattern, e.g. `POST /api/v1/generate`. */
  readonly route: string;
  readonly key: string;
  /** Of path, query and body. */
  readonly requestSha256: Uint8Array;
}

/** The first answer to a request; `body` is JSON text, undefined for an empty answer. */
export interface FirstAnswer {
  readonly status: number;
  readonly body: string | undefined;
}

/** What to do with a request: run it as `owner`, or repeat the first answer. */
export type IdempotencyTurn =
  | { readonly kind: 'run'; readonly owner: string }
  | { readonly kind: 'replay'; readonly answer: FirstAnswer };

/** Remembers the first answer of each key for a day. */
export abstract class IdempotencyStore {
  /** @throws idempotency_conflict for another request, idempotency_in_flight while the first one runs */
  abstract begin(request: IdempotentRequest): Promise<IdempotencyTurn>;
  /** Keeps the answer, unless another runner took over meanwhile. */
  abstract finish(request: IdempotentRequest, owner: string, answer: FirstAnswer): Promise<void>;
  /** Gives the key back after a fault, so that a retry runs. */
  abstract release(request: IdempotentRequest, owner: string): Promise<void>;
}
