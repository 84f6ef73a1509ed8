import type { Budget } from './budget.js';
import type { Denial, Hold, HoldRequest } from './hold.js';

/** Why a hold must not be, whatever its caps say. */
export interface Verdict {
  readonly reason: 'policy_denied' | 'kill_switch';
  readonly denial: Denial;
}

/** Judges holds before their caps are asked, in the order of decision; pure and synchronous. */
export abstract class Judge {
  /** What speaks against a hold; undefined lets the caps decide. */
  abstract judge(request: HoldRequest, path: readonly Budget[], nowMs: number): Verdict | undefined;

  /** The policy that holds of the tenant are judged by; undefined without one. */
  policyVersion(tenant: string): number | undefined {
    void tenant;
    return undefined;
  }

  /** Tells what was decided, so that the next hold of the same batch is judged after it. */
  decided(hold: Hold, path: readonly Budget[]): void {
    void hold;
    void path;
  }
}

/** Has nothing against anything. */
export class NoJudge extends Judge {
  override judge(): undefined {
    return undefined;
  }
}
