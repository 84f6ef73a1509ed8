import type { PrivacyStep, RequestState } from '../../domain/privacy/privacy-request.js';
import { errors } from '../../errors.js';

/** States that a request does not leave. */
export const FINISHED: ReadonlySet<RequestState> = new Set(['completed', 'rejected', 'cancelled']);

/** Under which name the key store keeps the key of a request; no customer is called so. */
export function sealedName(requestId: string): string {
  return `\u0001privacy-request:${requestId}`;
}

/** What the audit log says of a completed request: who confirmed, and the hash of each receipt. */
export function completionFacts(steps: readonly PrivacyStep[]): Readonly<Record<string, unknown>> {
  const evidence = steps.map(({ service, receipt }) => [service, receipt?.['evidenceSha256']]);
  return { evidence: Object.fromEntries(evidence) as Record<string, unknown> };
}

/** What a request may not do in its state. */
export function stateError(state: string, from: readonly string[], also?: string): Error {
  const expected = [`a request that is ${from.join(' or ')}`, ...(also ? [also] : [])].join(', ');
  return errors.privacy_request_state(`The request is ${state}.`, {
    fields: [{ field: 'state', expected }],
  });
}
