import type { Clock } from '@kiki/kernel';
import type { ObjectStore } from '@kiki/objects';
import { CheckpointAnchors } from '../../application/checkpoint-anchors.js';
import type { ReleasedCheckpoint } from '../../domain/audit-tree.js';

/** Checkpoints as objects, at most one per tenant and interval; the newest one is never lost. */
export class ObjectAnchors extends CheckpointAnchors {
  private readonly waiting = new Map<string, ReleasedCheckpoint>();
  private readonly keptMs = new Map<string, number>();

  constructor(
    private readonly store: ObjectStore,
    private readonly clock: Clock,
    private readonly everyMs: number,
  ) {
    super();
  }

  override async keep(checkpoints: readonly ReleasedCheckpoint[]): Promise<void> {
    for (const checkpoint of checkpoints) this.waiting.set(checkpoint.tenant, checkpoint);
    const nowMs = this.clock.monotonicMs();
    for (const [tenant, { note }] of this.waiting) {
      if (nowMs - (this.keptMs.get(tenant) ?? -Infinity) < this.everyMs) continue;
      await this.store.put(tenant, Buffer.from(note, 'utf8'), 'text/plain; charset=utf-8');
      this.keptMs.set(tenant, nowMs);
      this.waiting.delete(tenant);
    }
  }

  /** Objects are named by their content: they are for auditors, who list the bucket. */
  override newest(): Promise<ReadonlyMap<string, ReleasedCheckpoint>> {
    return Promise.resolve(new Map());
  }
}
