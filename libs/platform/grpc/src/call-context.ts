import type { Metadata } from '@grpc/grpc-js';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** What a handler may know about the call it answers. */
export interface CallContext {
  /** Aborts when the caller cancels, the deadline passes or the server's grace ends. */
  readonly signal: AbortSignal;
  /** Throws what the signal would be aborted with, without making one: it is made for who asks for it. */
  throwIfAborted(): void;
  /** Wall clock of the deadline, milliseconds since the epoch; undefined without one. */
  readonly deadlineMs: number | undefined;
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Address of the caller. */
  readonly peer: string;
}

const CONTEXT = Symbol('kiki.grpc.context');

interface Carrier {
  [CONTEXT]?: CallContext;
}

/** Remembers the context on the call's metadata, which Nest hands to guards and decorators. */
export function bindCallContext(metadata: Metadata, context: CallContext): void {
  (metadata as Carrier)[CONTEXT] = context;
}

/** The context of the call with this metadata. */
export function callContextOf(metadata: object): CallContext | undefined {
  return (metadata as Carrier)[CONTEXT];
}

/** Parameter decorator: the CallContext of the running gRPC call. */
export const Call = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  callContextOf(context.switchToRpc().getContext<Metadata>()),
);

/** Parameter decorator: the AbortSignal of the running gRPC call. */
export const CallSignal = createParamDecorator(
  (_data: unknown, context: ExecutionContext) =>
    callContextOf(context.switchToRpc().getContext<Metadata>())?.signal,
);
