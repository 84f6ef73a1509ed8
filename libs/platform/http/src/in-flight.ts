import type { FastifyReply } from 'fastify';

/** A request is given up at most this part of its time late. */
const TICKS = 10;
const LONGEST_TICK_MS = 1000;

/**
 * Requests that are being worked on, for the drain and for the time limit. All have the same limit, so the
 * oldest of the map is always the next one to be late: one timer serves all. Fastify's own limit starts a timer
 * and an abort signal per request, and forgets about it as soon as the body was read.
 */
export class InFlight {
  isDraining = false;
  private readonly startedAt = new Map<FastifyReply, number>();
  /** Still counted, until their sockets are done with them. */
  private readonly late = new Set<FastifyReply>();
  private readonly timer: NodeJS.Timeout;
  private readonly limitTicks: number;
  private tick = 0;

  /** @param onLate called once for each request that has not been answered after `limitMs` */
  constructor(
    limitMs: number,
    private readonly onLate: (reply: FastifyReply) => void,
  ) {
    const tickMs = Math.min(LONGEST_TICK_MS, Math.max(1, Math.floor(limitMs / TICKS)));
    this.limitTicks = Math.ceil(limitMs / tickMs);
    this.timer = setInterval(() => this.advance(), tickMs).unref();
  }

  /** Requests that are not answered yet. */
  get count(): number {
    return this.startedAt.size + this.late.size;
  }

  enter(reply: FastifyReply): void {
    this.startedAt.set(reply, this.tick);
  }

  leave(reply: FastifyReply): void {
    if (!this.startedAt.delete(reply)) this.late.delete(reply);
  }

  /** Stops the clock; the count goes on. */
  close(): void {
    clearInterval(this.timer);
  }

  private advance(): void {
    this.tick++;
    for (const [reply, tick] of this.startedAt) {
      // One more than the limit, because the request began somewhere within its tick.
      if (this.tick - tick <= this.limitTicks) return;
      this.startedAt.delete(reply);
      this.late.add(reply);
      this.onLate(reply);
    }
  }
}
