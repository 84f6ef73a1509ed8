import type { Clock } from '@kiki/kernel';
import { SharedReads } from './shared-reads.js';

/** How long a view may be used after the moment at which its reading began. */
export const LEASE_MS = 50;
/** How long who changed something waits: a lease, and what the clocks of two machines may gain on each other in it. */
export const SEEN_AFTER_MS = LEASE_MS + 1;
/** Age from which a view that is asked for is read anew in the background. */
const RENEW_MS = 40;
/** Tenants whose views are kept. */
const MAX_TENANTS = 10_000;

interface Lease<V> {
  readonly view: V;
  readonly fromMs: number;
  isRenewing: boolean;
}

/**
 * Views that are read once for all calls of a lease of 50 ms. Who changes something and waits for `untilSeen`
 * before saying so can be sure that no call that begins afterwards, in whatever process, is answered by an older
 * view: by then every lease that was begun before the change has ended. Leases are measured by the process's own
 * monotonic clock, from before the read, so that clocks need not agree.
 */
export class LeasedViews<V> {
  private readonly leases = new Map<string, Lease<V>>();
  private readonly reads: SharedReads<V>;

  constructor(
    read: (tenant: string) => Promise<V>,
    private readonly clock: Clock,
  ) {
    this.reads = new SharedReads(read);
  }

  async get(tenant: string): Promise<V> {
    const nowMs = this.clock.monotonicMs();
    const lease = this.leases.get(tenant);
    if (lease === undefined || nowMs - lease.fromMs >= LEASE_MS) return this.renew(tenant, nowMs);
    // Before its end, so that a busy tenant's calls never wait for a read.
    if (!lease.isRenewing && nowMs - lease.fromMs >= RENEW_MS) {
      lease.isRenewing = true;
      this.renew(tenant, nowMs).catch(() => (lease.isRenewing = false));
    }
    return lease.view;
  }

  /** Resolves when no process uses a view any more that does not show what was committed before the call. */
  untilSeen(): Promise<void> {
    return this.clock.sleep(SEEN_AFTER_MS);
  }

  private async renew(tenant: string, fromMs: number): Promise<V> {
    const view = await this.reads.get(tenant);
    const last = this.leases.get(tenant);
    if (last === undefined || last.fromMs < fromMs) {
      if (this.leases.size >= MAX_TENANTS) this.leases.clear();
      this.leases.set(tenant, { view, fromMs, isRenewing: false });
    }
    return view;
  }
}
