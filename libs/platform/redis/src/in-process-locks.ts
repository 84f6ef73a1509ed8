import type { Clock } from '@kiki/kernel';
import { checkKey, checkTtl } from './arguments.js';
import { Locks, type Lease } from './ports.js';

interface Held {
  readonly fence: bigint;
  expiresAtMs: number;
}

/** Room for acquisitions within one millisecond of the wall clock. */
const FENCES_PER_MS = 1_000_000n;

/**
 * Locks between the parts of one process. Fences start from the wall clock, so that they also grow across a restart
 * (unless the clock was set back meanwhile, which only the Postgres adapter survives).
 */
export class InProcessLocks extends Locks {
  private readonly held = new Map<string, Held>();
  private lastFence: bigint;

  constructor(private readonly clock: Clock) {
    super();
    this.lastFence = BigInt(Math.floor(clock.nowMs())) * FENCES_PER_MS;
  }

  override async acquire(name: string, ttlMs: number): Promise<Lease | undefined> {
    checkKey('name', name);
    const ttl = checkTtl(ttlMs);
    const nowMs = this.clock.monotonicMs();
    const current = this.held.get(name);
    if (current !== undefined && current.expiresAtMs > nowMs) return Promise.resolve(undefined);
    const mine: Held = { fence: ++this.lastFence, expiresAtMs: nowMs + ttl };
    this.held.set(name, mine);
    return Promise.resolve(this.leaseOf(name, mine));
  }

  private leaseOf(name: string, mine: Held): Lease {
    const isMine = (): boolean =>
      this.held.get(name) === mine && mine.expiresAtMs > this.clock.monotonicMs();
    return {
      name,
      fence: mine.fence,
      renew: async (ttlMs) => {
        const ttl = checkTtl(ttlMs);
        if (!isMine()) return Promise.resolve(false);
        mine.expiresAtMs = this.clock.monotonicMs() + ttl;
        return Promise.resolve(true);
      },
      release: () => {
        if (this.held.get(name) === mine) this.held.delete(name);
        return Promise.resolve();
      },
    };
  }
}
