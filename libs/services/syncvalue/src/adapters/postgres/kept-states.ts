import { LRUCache } from 'lru-cache';
import type { CustomerState } from '../../domain/customer-state.js';

/** Reads the known ones among customers of one tenant. */
export type ReadStates = (
  tenant: string,
  ids: readonly string[],
) => Promise<ReadonlyMap<string, CustomerState>>;

interface Kept {
  /** Changes of the log as the caller saw it before the read. */
  readonly changeCount: bigint;
  /** Undefined: nobody of that id is known. */
  readonly state: CustomerState | undefined;
}

/**
 * States that were read, kept for as long as their log has had the same number of changes, which only ever grows: a
 * state changes in the same commit as that number. What was read while a log changed is kept under the number from
 * before, so that nobody who sees the change is answered with it.
 */
export class KeptStates {
  private readonly kept: LRUCache<string, Kept>;

  constructor(
    private readonly read: ReadStates,
    entries: number,
  ) {
    this.kept = new LRUCache({ max: entries });
  }

  /** @param changeCount of the log as the caller's view has it */
  async get(
    tenant: string,
    changeCount: bigint,
    ids: readonly string[],
  ): Promise<Map<string, CustomerState>> {
    const found = new Map<string, CustomerState>();
    const missing: string[] = [];
    for (const id of ids) {
      const kept = this.kept.get(keyOf(tenant, id));
      if (kept?.changeCount !== changeCount) missing.push(id);
      else if (kept.state !== undefined) found.set(id, kept.state);
    }
    if (missing.length === 0) return found;
    const states = await this.read(tenant, missing);
    for (const id of missing) {
      const state = states.get(id);
      this.kept.set(keyOf(tenant, id), { changeCount, state });
      if (state !== undefined) found.set(id, state);
    }
    return found;
  }
}

/** Tenants have no NUL in their names. */
function keyOf(tenant: string, id: string): string {
  return `${tenant}\0${id}`;
}
