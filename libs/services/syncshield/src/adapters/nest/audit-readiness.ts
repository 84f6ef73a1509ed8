import type { Readiness } from '@kiki/health';
import type { OnApplicationBootstrap } from '@nestjs/common';
import type { TreeTotals } from '../../application/audit-trees.js';
import type { CheckpointSigner } from '../../application/checkpoint-signer.js';

/** Says in `/ready` whether the audit logs are signed; money goes on without it, so never `down`. */
export class AuditReadiness implements OnApplicationBootstrap {
  constructor(
    private readonly readiness: Readiness,
    private readonly signer: CheckpointSigner,
    private readonly latest: () => TreeTotals | undefined,
  ) {}

  onApplicationBootstrap(): void {
    this.readiness.add('audit', () => {
      const { leaves, pending, checkpointAgeMs, alarms } = this.latest() ?? NOTHING;
      const whyNot = this.signer.whyNot();
      const isWell = whyNot === undefined && alarms === 0;
      return Promise.resolve({
        status: isWell ? ('up' as const) : ('degraded' as const),
        ...{ leaves, pending, checkpointAgeMs, alarms },
        ...(whyNot === undefined ? {} : { notSigning: whyNot }),
      });
    });
  }
}

const NOTHING: TreeTotals = { leaves: 0, pending: 0, checkpointAgeMs: 0, alarms: 0 };
