import { AsyncLocalStorage } from 'node:async_hooks';

/** What every log line of one request, call or job carries. */
export interface RequestContext {
  readonly requestId: string;
  readonly tenant?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work` so that all lines logged inside carry the context. */
export function withRequestContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** The context of the request, call or job that is being worked on. */
export function requestContext(): RequestContext | undefined {
  return storage.getStore();
}
