import { on, once } from 'node:events';
import type { Metadata } from '@grpc/grpc-js';
import { type Clock, DomainError, kernelErrors } from '@kiki/kernel';
import { isObservable, lastValueFrom } from 'rxjs';
import { bindCallContext, type CallContext } from './call-context.js';

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

/** The signal and context of one call. */
export interface OpenCall {
  readonly context: CallContext;
  readonly abort: (reason: DomainError) => void;
}

/** Makes the context of a call; its signal follows cancellation and deadline. */
export function openCall(call: RawCall, clock: Clock): OpenCall {
  const controller = new AbortController();
  const deadline = Number(call.getDeadline());
  const deadlineMs = Number.isFinite(deadline) ? deadline : undefined;
  const isLate = (): boolean => deadlineMs !== undefined && clock.nowMs() >= deadlineMs;
  const abort = (reason: DomainError): void => controller.abort(reason);
  const onCancelled = (): void =>
    abort(isLate() ? kernelErrors.deadline_exceeded() : kernelErrors.cancelled());
  if (isLate())
    abort(kernelErrors.deadline_exceeded('The deadline had passed before the call began.'));
  else if (call.cancelled) onCancelled();
  else call.on('cancelled', onCancelled);
  const context: CallContext = {
    signal: controller.signal,
    deadlineMs,
    path: call.getPath(),
    peer: call.getPeer(),
  };
  bindCallContext(call.metadata, context);
  return { context, abort };
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

/** What a Nest handler gave back, without the observable that interceptors and filters may wrap around it. */
export async function settle(result: unknown): Promise<unknown> {
  const value = await result;
  return isObservable(value) ? lastValueFrom(value) : value;
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
