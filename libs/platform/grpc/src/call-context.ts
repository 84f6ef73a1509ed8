import type { Metadata } from '@grpc/grpc-js';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** What a handler may know about the call it answers. */
export interface CallContext {
  /** Aborts when the caller cancels, the deadline passes or the server's grace ends. */
  readonly signal: AbortSignal;
  /** Wall clock of the deadline, milliseconds since the epoch; undefined without one. */
  readonly deadlineMs: number | undefined;
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Address of the caller. */
  readonly peer: string;
}

const contexts = new WeakMap<object, CallContext>();

/** Remembers the context under the call's metadata, which Nest hands to guards and decorators. */
export function bindCallContext(metadata: Metadata, context: CallContext): void {
  contexts.set(metadata, context);
}

/** The context of the call with this metadata. */
export function callContextOf(metadata: object): CallContext | undefined {
  return contexts.get(metadata);
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
