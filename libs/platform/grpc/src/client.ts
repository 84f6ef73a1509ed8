import {
  type CallOptions,
  type ChannelOptions,
  type ClientReadableStream,
  Client,
  credentials,
  type Metadata as MetadataType,
  Metadata,
  type MethodDefinition,
} from '@grpc/grpc-js';
import { kernelErrors } from '@kiki/kernel';
import { fromGrpcError } from './error-mapping.js';

/** How a client reaches its server. */
export interface GrpcClientOptions {
  /** `dns:///host:50051`; a bare `host:port` is read as that. */
  readonly target: string;
  /** Time a call gets when it names none, milliseconds. @default 10000 */
  readonly defaultDeadlineMs?: number;
  /** Full service names whose calls may be repeated after UNAVAILABLE, with the method names. */
  readonly retryable?: readonly { readonly service: string; readonly method: string }[];
  /** Largest message, bytes, both ways. @default 16777216 */
  readonly maxMessageBytes?: number;
  /** More channel options of grpc-js. */
  readonly channel?: ChannelOptions;
}

/** What one call may say. */
export interface GrpcCallOptions {
  /** Time until the call is given up, milliseconds; `Infinity` for none. */
  readonly deadlineMs?: number;
  /** Cancels the call. */
  readonly signal?: AbortSignal;
  /** E.g. `authorization` and `kiki-tenant`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** `host:port` as a target that resolves every address of the name. */
export function normalizeTarget(target: string): string {
  return /^[a-z][a-z0-9+.-]*:/i.test(target) && !/^[^:/]+:\d+$/.test(target)
    ? target
    : `dns:///${target}`;
}

/** round_robin over all addresses, and a second and third attempt for what may be repeated. */
function serviceConfig(options: GrpcClientOptions): string {
  const retryPolicy = {
    maxAttempts: 3,
    initialBackoff: '0.02s',
    maxBackoff: '0.2s',
    backoffMultiplier: 2,
    retryableStatusCodes: ['UNAVAILABLE'],
  };
  const name = options.retryable ?? [];
  return JSON.stringify({
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig: name.length > 0 ? [{ name, retryPolicy }] : [],
  });
}

function channelOptions(options: GrpcClientOptions): ChannelOptions {
  const maxBytes = options.maxMessageBytes ?? MAX_MESSAGE_BYTES;
  return {
    'grpc.service_config': serviceConfig(options),
    'grpc.service_config_disable_resolution': 1,
    'grpc.max_receive_message_length': maxBytes,
    'grpc.max_send_message_length': maxBytes,
    'grpc.keepalive_time_ms': 60_000,
    'grpc.keepalive_timeout_ms': 10_000,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 5_000,
    'grpc.dns_min_time_between_resolutions_ms': 5_000,
    ...options.channel,
  };
}

/** A channel with promises, async iterables, deadlines and DomainErrors. */
export class GrpcClient {
  private readonly client: Client;
  private readonly defaultDeadlineMs: number;

  constructor(options: GrpcClientOptions) {
    const target = normalizeTarget(options.target);
    this.client = new Client(target, credentials.createInsecure(), channelOptions(options));
    this.defaultDeadlineMs = options.defaultDeadlineMs ?? 10_000;
  }

  /** One request, one answer. @throws what the server threw, unavailable, deadline_exceeded, cancelled */
  unary<Q, A>(
    method: MethodDefinition<Q, A>,
    request: Q,
    options: GrpcCallOptions = {},
  ): Promise<A> {
    return new Promise((resolve, reject) => {
      const call = this.client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        this.metadataOf(options),
        this.callOptions(options),
        (error, answer) => settle(error, answer, resolve, reject),
      );
      cancelOn(options.signal, call);
    });
  }

  /** One request, a stream of answers; leaving the loop cancels the call. */
  async *serverStream<Q, A>(
    method: MethodDefinition<Q, A>,
    request: Q,
    options: GrpcCallOptions = {},
  ): AsyncGenerator<A> {
    const call = this.client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      this.metadataOf(options),
      this.callOptions(options),
    );
    yield* this.answersOf(call, options.signal);
  }

  /** A stream of requests, one answer; requests are pulled no faster than the server reads. */
  clientStream<Q, A>(
    method: MethodDefinition<Q, A>,
    requests: AsyncIterable<Q> | Iterable<Q>,
    options: GrpcCallOptions = {},
  ): Promise<A> {
    return new Promise((resolve, reject) => {
      const call = this.client.makeClientStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        this.metadataOf(options),
        this.callOptions(options),
        (error, answer) => settle(error, answer, resolve, reject),
      );
      cancelOn(options.signal, call);
      pump(requests, call).catch((error: Error) => {
        call.cancel();
        reject(error);
      });
    });
  }

  /** A stream of requests, a stream of answers. */
  async *bidiStream<Q, A>(
    method: MethodDefinition<Q, A>,
    requests: AsyncIterable<Q> | Iterable<Q>,
    options: GrpcCallOptions = {},
  ): AsyncGenerator<A> {
    const call = this.client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      this.metadataOf(options),
      this.callOptions(options),
    );
    let sourceError: unknown;
    pump(requests, call).catch((error: unknown) => {
      sourceError = error;
      call.cancel();
    });
    try {
      yield* this.answersOf(call, options.signal);
    } catch (error) {
      throw sourceError ?? error;
    }
  }

  /** Waits until a connection stands. @throws unavailable */
  ready(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.client.waitForReady(deadlineIn(timeoutMs), (error) =>
        error ? reject(kernelErrors.unavailable(error.message)) : resolve(),
      );
    });
  }

  /** Closes the channel; running calls are cancelled. */
  close(): void {
    this.client.close();
  }

  private async *answersOf<A>(
    call: ClientReadableStream<A>,
    signal?: AbortSignal,
  ): AsyncGenerator<A> {
    const release = cancelOn(signal, call);
    let isOver = false;
    try {
      for await (const answer of call) yield answer as A;
      isOver = true;
    } catch (error) {
      isOver = true;
      throw fromGrpcError(error);
    } finally {
      release();
      if (!isOver) call.cancel();
    }
  }

  private metadataOf(options: GrpcCallOptions): MetadataType {
    const metadata = new Metadata();
    for (const [key, value] of Object.entries(options.metadata ?? {})) metadata.set(key, value);
    return metadata;
  }

  private callOptions(options: GrpcCallOptions): CallOptions {
    const deadlineMs = options.deadlineMs ?? this.defaultDeadlineMs;
    return { deadline: Number.isFinite(deadlineMs) ? deadlineIn(deadlineMs) : Infinity };
  }
}

// grpc-js compares a deadline with the wall clock of the machine, so an injected clock would be wrong here.
function deadlineIn(ms: number): number {
  return Date.now() + ms;
}

function settle<A>(
  error: unknown,
  answer: A | undefined,
  resolve: (answer: A) => void,
  reject: (error: unknown) => void,
): void {
  if (error) reject(fromGrpcError(error));
  else if (answer === undefined) reject(kernelErrors.internal('The server gave no answer.'));
  else resolve(answer);
}

interface Cancellable {
  cancel(): void;
}

function cancelOn(signal: AbortSignal | undefined, call: Cancellable): () => void {
  if (!signal) return () => undefined;
  const onAbort = (): void => call.cancel();
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return () => signal.removeEventListener('abort', onAbort);
}

interface WritableCall<Q> extends NodeJS.EventEmitter {
  write(message: Q): boolean;
  end(): void;
  readonly destroyed: boolean;
}

/** Writes requests, waiting whenever the channel's buffer is full; stops when the call is over. */
async function pump<Q>(
  requests: AsyncIterable<Q> | Iterable<Q>,
  call: WritableCall<Q>,
): Promise<void> {
  let isOver = false;
  const over = new Promise<void>((resolve) => {
    const finish = (): void => {
      isOver = true;
      resolve();
    };
    for (const event of ['status', 'error', 'close']) call.on(event, finish);
  });
  for await (const request of requests) {
    if (isOver) return;
    if (!call.write(request)) {
      await Promise.race([new Promise((resolve) => call.once('drain', resolve)), over]);
    }
  }
  if (!isOver) call.end();
}
