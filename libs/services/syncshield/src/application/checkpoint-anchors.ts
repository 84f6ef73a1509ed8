import type { ReleasedCheckpoint } from '../domain/audit-tree.js';

/** Where checkpoints are kept outside the database, so that its owner cannot rewrite history. */
export abstract class CheckpointAnchors {
  /** Resolves when all of them are safe; also brings out what was put off before. @throws unavailable */
  abstract keep(checkpoints: readonly ReleasedCheckpoint[]): Promise<void>;
  /** The newest checkpoint of each tenant that is known without the database. */
  abstract newest(): Promise<ReadonlyMap<string, ReleasedCheckpoint>>;
}

/** Several places at once. */
export class AllAnchors extends CheckpointAnchors {
  constructor(private readonly places: readonly CheckpointAnchors[]) {
    super();
  }

  override async keep(checkpoints: readonly ReleasedCheckpoint[]): Promise<void> {
    await Promise.all(this.places.map((place) => place.keep(checkpoints)));
  }

  override async newest(): Promise<ReadonlyMap<string, ReleasedCheckpoint>> {
    const newest = new Map<string, ReleasedCheckpoint>();
    for (const place of this.places) {
      for (const [tenant, checkpoint] of await place.newest()) {
        const known = newest.get(tenant);
        if (known === undefined || known.size < checkpoint.size) newest.set(tenant, checkpoint);
      }
    }
    return newest;
  }
}
