import type { z } from 'zod';
import type { IndexedEvent } from '../../application/ingest-events.js';
import type { RawEvent } from '../../domain/event.js';
import { fromIdentify, fromTrack, IdentifyBody, TrackBody } from './events.schema.js';

/** A problem of one item, with a code of the catalogue. */
export interface BatchProblem {
  readonly index: number;
  readonly messageId?: string;
  readonly code: string;
  readonly field: string;
  readonly expected: string;
}

/** The items of a batch whose shape is right, and what is wrong with the others. */
export interface ReadBatch {
  readonly items: readonly IndexedEvent[];
  readonly problems: readonly BatchProblem[];
}

/** Reads each item by itself, so that one bad event costs no other. */
export function readBatch(batch: readonly unknown[], sentAt: Date | undefined): ReadBatch {
  const items: IndexedEvent[] = [];
  const problems: BatchProblem[] = [];
  batch.forEach((item, index) => {
    const read = readItem(item, index);
    if ('problem' in read) problems.push(read.problem);
    else items.push({ index, raw: withSentAt(read.raw, sentAt) });
  });
  return { items, problems };
}

function readItem(
  item: unknown,
  index: number,
): { readonly raw: RawEvent } | { readonly problem: BatchProblem } {
  const type = (item as { type?: unknown } | null)?.type;
  if (type !== 'identify' && type !== 'track') {
    const code = typeof type === 'string' ? 'event_type_unsupported' : 'event_invalid';
    return {
      problem: { ...named(item, index), code, field: 'type', expected: 'identify or track' },
    };
  }
  const parsed = type === 'identify' ? IdentifyBody.safeParse(item) : TrackBody.safeParse(item);
  if (!parsed.success) return { problem: { ...named(item, index), ...problemOf(parsed.error) } };
  return type === 'identify'
    ? { raw: fromIdentify(parsed.data as z.infer<typeof IdentifyBody>) }
    : { raw: fromTrack(parsed.data as z.infer<typeof TrackBody>) };
}

function named(item: unknown, index: number): { index: number; messageId?: string } {
  const messageId = (item as { messageId?: unknown } | null)?.messageId;
  return typeof messageId === 'string' ? { index, messageId: messageId.slice(0, 100) } : { index };
}

function problemOf(error: z.ZodError): Pick<BatchProblem, 'code' | 'field' | 'expected'> {
  const [issue] = error.issues;
  const params = (issue as { params?: { code?: unknown } } | undefined)?.params;
  return {
    code: typeof params?.code === 'string' ? params.code : 'event_invalid',
    field: issue?.path.join('.') ?? '',
    expected: issue?.message ?? 'an event',
  };
}

function withSentAt(raw: RawEvent, sentAt: Date | undefined): RawEvent {
  return raw.sentAt !== undefined || sentAt === undefined ? raw : { ...raw, sentAt };
}
