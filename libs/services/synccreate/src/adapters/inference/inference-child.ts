/**
 * The process that holds the ONNX session: a run blocks its thread, and a runtime that dies takes only
 * this process along. Started by ModelProcess with the model's path and one execution provider. It imports
 * no file of this package, so that Node runs it as it is, built or not.
 */
import process, { env } from 'node:process';
import type { InferenceSession, Tensor } from 'onnxruntime-node';

/** A request: the picture as planar RGB 0..1. */
export interface InferenceRequest {
  readonly id: number;
  readonly image: Float32Array;
  readonly dims: readonly number[];
}

/** What the child says: once `ready` or `failed`, then one answer per request. */
export type InferenceReply =
  | { readonly kind: 'ready'; readonly runtime: string }
  | { readonly kind: 'failed'; readonly reason: string }
  | {
      readonly kind: 'answer';
      readonly id: number;
      readonly map: Float32Array;
      readonly ms: number;
    }
  | { readonly kind: 'error'; readonly id: number; readonly reason: string };

const send = (reply: InferenceReply): void => void process.send?.(reply);
const textOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    // Of a failed assertion of the runtime only what it means.
    .replace(/^.* was false\. /, '')
    .split('\n', 1)
    .join('')
    .slice(0, 300);

// Since 1.29 the runtime reports home unless told otherwise; it reads this when it is loaded.
env['ORT_DISABLE_TELEMETRY'] = '1';

async function open(model: string, provider: string): Promise<void> {
  const ort = await import('onnxruntime-node');
  const session = await ort.InferenceSession.create(model, {
    executionProviders: [provider],
    intraOpNumThreads: 1,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    logSeverityLevel: 4,
  });
  process.on('message', (request: InferenceRequest) => {
    void answer(session, request, (data, dims) => new ort.Tensor('float32', data, dims));
  });
  send({ kind: 'ready', runtime: ort.env.versions.node ?? ort.env.versions.common });
}

async function answer(
  session: InferenceSession,
  { id, image, dims }: InferenceRequest,
  tensor: (data: Float32Array, dims: readonly number[]) => Tensor,
): Promise<void> {
  try {
    const startMs = performance.now();
    const { map } = await session.run({ image: tensor(image, dims) });
    const data = map?.data;
    if (!(data instanceof Float32Array)) throw new TypeError('the model gave no float map');
    send({ kind: 'answer', id, map: data, ms: performance.now() - startMs });
  } catch (error) {
    send({ kind: 'error', id, reason: textOf(error) });
  }
}

// The parent is gone: nobody is left to work for.
process.on('disconnect', () => process.exit(0));
const [, , model = '', provider = 'cpu'] = process.argv;
open(model, provider).catch((error: unknown) => send({ kind: 'failed', reason: textOf(error) }));
