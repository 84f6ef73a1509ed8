import { canonicalJson } from '@kiki/kernel';
import type { PrivacyRequestDraft } from '../../application/privacy/privacy-requests.js';
import type { SubjectKeys } from '../../application/subject-keys.js';
import {
  refusalsOf,
  type PrivacyStep,
  type RequestState,
} from '../../domain/privacy/privacy-request.js';
import { errors } from '../../errors.js';

/** States that a request does not leave. */
export const FINISHED: ReadonlySet<RequestState> = new Set([
  ...(['completed', 'refused', 'rejected', 'cancelled'] as const),
]);

/** Under which name the key store keeps the key of a request; no customer is called so. */
export function sealedName(requestId: string): string {
  return `\u0001privacy-request:${requestId}`;
}

/** What the audit log says of a request that has run: the hash of each receipt, and who refused, by code. */
export function completionFacts(steps: readonly PrivacyStep[]): Readonly<Record<string, unknown>> {
  const evidence = steps.map(({ service, receipt }) => [service, receipt?.['evidenceSha256']]);
  const refusals = refusalsOf(steps);
  return {
    evidence: Object.fromEntries(evidence) as Record<string, unknown>,
    ...(Object.keys(refusals).length === 0 ? {} : { refusals }),
  };
}

/** What a request may not do in its state. */
export function stateError(state: string, from: readonly string[], also?: string): Error {
  const expected = [`a request that is ${from.join(' or ')}`, ...(also ? [also] : [])].join(', ');
  return errors.privacy_request_state(`The request is ${state}.`, {
    fields: [{ field: 'state', expected }],
  });
}

/** HMACs that stand for what a request was created with, and for whom it is about. */
export async function digestsOf(
  keys: SubjectKeys,
  { tenant, kind, regime, details, isSuppressing }: PrivacyRequestDraft,
) {
  const [customerId] = details.customerIds;
  const { email } = details;
  const said = { kind, regime, details, suppress: isSuppressing };
  return {
    creation: await keys.digest(tenant, 'privacy-request', canonicalJson(said)),
    customer: customerId === undefined ? null : await keys.digest(tenant, 'customer', customerId),
    email: email === undefined ? null : await keys.digest(tenant, 'email', email),
  };
}
