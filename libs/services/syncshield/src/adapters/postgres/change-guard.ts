import { canonicalJson } from '@kiki/kernel';
import type { Approval, ApprovalAction } from '../../domain/approval.js';
import { errors } from '../../errors.js';

/** A change that four eyes may guard, as it stands under the lock of what it changes. */
export interface LockedChange {
  readonly action: ApprovalAction;
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
  /** Whether some hold could pass after it that could not before. */
  readonly isLoosening: boolean;
  /** For people: what it would let happen. */
  readonly effect: string;
}

/**
 * Lets a change through, or says that a second key has to approve it. An approved one has to be made on what it was
 * asked on.
 * @throws approval_required, approval_outdated
 */
export function guardChange(
  fourEyes: ReadonlySet<string>,
  change: LockedChange,
  approval?: Approval,
): void {
  const { action, target } = change;
  const before = canonicalJson(change.before);
  if (approval !== undefined) {
    if (approval.before !== before) throw errors.approval_outdated();
    return;
  }
  if (!change.isLoosening || !fourEyes.has(action)) return;
  const details = { action, target, before, after: canonicalJson(change.after) };
  throw errors.approval_required(change.effect, { change: details });
}
