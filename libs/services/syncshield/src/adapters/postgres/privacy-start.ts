import { canonicalJson, type DomainError } from '@kiki/kernel';
import type { ApprovalAction } from '../../domain/approval.js';
import type { RequestKind, VerificationMethod } from '../../domain/privacy/privacy-request.js';
import { errors } from '../../errors.js';

/** What destroys data or gives it out; a correction or an objection does neither. */
const ACTIONS: Readonly<Partial<Record<RequestKind, ApprovalAction>>> = {
  erase: 'erase_subject',
  access: 'export_subject',
};

/** Whether a request of the kind begins only when a second key has said so. */
export function isStartGuarded(fourEyes: ReadonlySet<ApprovalAction>, kind: RequestKind): boolean {
  const action = ACTIONS[kind];
  return action !== undefined && fourEyes.has(action);
}

/** `approval_required` for the beginning of a request, which is named by its id: whom it is about stays sealed. */
export function startGuarded(request: {
  readonly id: string;
  readonly kind: RequestKind;
  readonly verificationMethod?: VerificationMethod | undefined;
}): DomainError {
  const { id: target, kind, verificationMethod } = request;
  const change = {
    ...{ action: ACTIONS[kind], target },
    before: canonicalJson({ kind, state: 'received' }),
    after: canonicalJson({ kind, state: 'verified', verificationMethod }),
  };
  const what =
    kind === 'erase' ? 'Data of a person would be destroyed.' : 'Data would be given out.';
  return errors.approval_required(what, { change });
}
