import { createHash } from 'node:crypto';

/** A hold as it is asked for over HTTP. */
export interface HoldBody {
  readonly id: string;
  readonly budgetId: string;
  readonly amountMicros: number;
  readonly currency: string;
  readonly expiresInMs: number;
  readonly graceMs: number;
}

/** A settlement as it is asked for over HTTP. */
export interface SettlementBody {
  readonly settlementId: string;
  readonly holdId: string;
  readonly action: 'capture' | 'void' | 'refund';
  readonly amountMicros?: number;
  readonly isFinal?: boolean;
}

/** The part of a decided hold that the torture reasons about. */
export interface HoldOnWire {
  readonly id: string;
  readonly decision: 'approved' | 'denied';
  readonly budgetId: string;
  readonly amountMicros: number;
  readonly state: string;
}

/** The part of a settlement that the torture reasons about. */
export interface SettlementOnWire {
  readonly settlementId: string;
  readonly outcome: string;
  readonly capturedMicros: number;
  readonly lateMicros: number;
}

/** One item of a batch's answer. */
export interface ItemOnWire {
  readonly hold?: HoldOnWire;
  readonly settlement?: SettlementOnWire;
  readonly error?: { readonly code: string };
}

/** What a request was answered with; status 0 when no answer came. */
export interface Answer {
  readonly status: number;
  readonly body: { readonly code?: string; readonly results?: readonly ItemOnWire[] };
}

/** Posts JSON; never throws. */
export async function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    });
    return { status: answer.status, body: (await answer.json()) as Answer['body'] };
  } catch {
    return { status: 0, body: {} };
  }
}

/** Gets JSON; undefined when there was no good answer. */
export async function get(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<unknown> {
  try {
    const answer = await fetch(url, { headers, signal: AbortSignal.timeout(15_000) });
    return answer.ok ? await answer.json() : undefined;
  } catch {
    return undefined;
  }
}

/** The bytes of an answer in 12 characters: equal answers have equal digests. */
export function digestOf(answer: unknown): string {
  return createHash('sha256').update(JSON.stringify(answer)).digest('base64url').slice(0, 12);
}
