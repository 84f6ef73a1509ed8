import type { ReleasedCheckpoint } from '../domain/audit-tree.js';
import type { AuditTrees, TreeTotals } from './audit-trees.js';
import type { CheckpointAnchors } from './checkpoint-anchors.js';

/** What one pass over the logs did. */
export interface IntegrationReport {
  readonly totals: TreeTotals;
  /** True when a log has more records than one pass takes. */
  readonly hasMore: boolean;
  /** Logs that contradict what was signed, each said once per process. */
  readonly alarms: readonly string[];
}

/**
 * Leads the trees after the logs: signs, stores, then anchors. What was signed is remembered, so
 * that a database that is set back does not get a second history signed.
 */
export class IntegrateAudit {
  private readonly known = new Map<string, ReleasedCheckpoint>();
  private readonly said = new Set<string>();
  /** Alarms that a pass which failed later could not say. */
  private unsaid: string[] = [];

  constructor(
    private readonly trees: AuditTrees,
    private readonly anchors: CheckpointAnchors,
    /** Records that a pass reads anew. */
    private readonly checkedRecords: number,
  ) {}

  /** Learns what was signed before this process. */
  async open(): Promise<void> {
    for (const checkpoint of (await this.anchors.newest()).values()) this.remember(checkpoint);
  }

  /** One pass; any number of processes may run one. @throws what the stores throw */
  async execute(): Promise<IntegrationReport> {
    const released = new Map<string, ReleasedCheckpoint>();
    let hasMore = false;
    for (const { tenant, unanchored } of await this.trees.waiting(this.known)) {
      const step = await this.trees.advance(tenant, this.known.get(tenant));
      const checkpoint = step.checkpoint ?? unanchored;
      if (step.alarm !== undefined) this.raise(`${tenant}: ${step.alarm}`);
      else if (checkpoint !== undefined) released.set(tenant, checkpoint);
      hasMore ||= step.hasMore;
    }
    await this.release([...released.values()]);
    const fault = this.checkedRecords > 0 && (await this.trees.checkSome(this.checkedRecords));
    if (fault) this.raise(fault);
    const totals = await this.trees.totals();
    const alarms = this.unsaid;
    this.unsaid = [];
    return { totals, hasMore, alarms };
  }

  private async release(checkpoints: readonly ReleasedCheckpoint[]): Promise<void> {
    for (const checkpoint of checkpoints) this.remember(checkpoint);
    await this.anchors.keep(checkpoints);
    if (checkpoints.length > 0) await this.trees.anchored(checkpoints);
  }

  private remember(checkpoint: ReleasedCheckpoint): void {
    const known = this.known.get(checkpoint.tenant);
    if (known === undefined || known.size < checkpoint.size) {
      this.known.set(checkpoint.tenant, checkpoint);
    }
  }

  private raise(alarm: string): void {
    if (this.said.has(alarm)) return;
    this.said.add(alarm);
    this.unsaid.push(alarm);
  }
}
