import { on, once } from 'node:events';
import type { Metadata } from '@grpc/grpc-js';
import { type Clock, type DomainError, kernelErrors } from '@kiki/kernel';
import { bindCallContext, type CallContext } from './call-context.js';

/** Timers of more than 24 days go off at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** The part of grpc-js's four call kinds that the transport uses. */
export interface RawCall extends NodeJS.EventEmitter {
  readonly metadata: Metadata;
  readonly request?: unknown;
  readonly cancelled: boolean;
  getPath(): string;
  getPeer(): string;
  getDeadline(): Date | number;
  write?(message: unknown): boolean;
  end?(): void;
  pause?(): void;
  resume?(): void;
}

/** A call that is being answered: its context, whose signal follows cancellation and deadline. */
export class OpenCall implements CallContext {
  readonly deadlineMs: number | undefined;
  /** Why the call is over for its handler; undefined while it goes on. */
  reason: DomainError | undefined;
  // Made when somebody asks: most calls are answered before anybody would.
  private controller: AbortController | undefined;
  private timer: AbortController | undefined;
  private isFinished = false;

  constructor(
    private readonly call: RawCall,
    private readonly clock: Clock,
  ) {
    const deadline = Number(call.getDeadline());
    this.deadlineMs = Number.isFinite(deadline) ? deadline : undefined;
    if (this.isLate()) {
      this.abort(kernelErrors.deadline_exceeded('The deadline had passed before the call began.'));
    } else if (call.cancelled) this.onCancelled();
    else call.on('cancelled', () => this.onCancelled());
    bindCallContext(call.metadata, this);
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.reason !== undefined) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  get path(): string {
    return this.call.getPath();
  }

  // Asking the socket costs a call into the system.
  get peer(): string {
    return this.call.getPeer();
  }

  throwIfAborted(): void {
    if (this.reason !== undefined) throw this.reason;
  }

  abort(reason: DomainError): void {
    this.reason ??= reason;
    this.controller?.abort(reason);
  }

  /**
   * Aborts when the deadline passes. For streams, whose end grpc-js tells only once the caller has read everything
   * that was written before.
   */
  endAtDeadline(): void {
    if (this.deadlineMs === undefined) return;
    const leftMs = Math.max(0, this.deadlineMs - this.clock.nowMs());
    if (leftMs > MAX_TIMER_MS) return;
    this.timer = new AbortController();
    this.clock.sleep(leftMs, this.timer.signal).then(
      () => this.abort(kernelErrors.deadline_exceeded()),
      () => undefined,
    );
  }

  /** Says that the call is answered: grpc-js calls the end of every stream a cancellation. */
  finish(): void {
    this.isFinished = true;
    this.timer?.abort();
  }

  private isLate(): boolean {
    return this.deadlineMs !== undefined && this.clock.nowMs() >= this.deadlineMs;
  }

  private onCancelled(): void {
    if (this.isFinished) return;
    this.abort(this.isLate() ? kernelErrors.deadline_exceeded() : kernelErrors.cancelled());
  }
}

/** The requests of a stream, one at a time: the next is read when the handler asks for it (backpressure). */
export async function* requestsOf(call: RawCall, signal: AbortSignal): AsyncGenerator<unknown> {
  const options = { signal, close: ['end'], highWaterMark: 2, lowWaterMark: 1 };
  try {
    for await (const [message] of on(call, 'data', options)) yield message;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}

/** Writes a stream of answers, never faster than the caller reads. */
export async function writeAll(
  call: RawCall,
  answers: AsyncIterable<unknown>,
  signal: AbortSignal,
): Promise<void> {
  for await (const answer of answers) {
    if (signal.aborted) throw signal.reason;
    if (call.write?.(answer) === false) {
      await once(call, 'drain', { signal }).catch((error: unknown) => {
        throw signal.aborted ? signal.reason : error;
      });
    }
  }
}

/** True for what a streaming handler must return. */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
