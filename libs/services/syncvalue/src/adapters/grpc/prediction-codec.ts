import * as wire from '@kiki/contract-syncvalue';
import type { PredictedBatch, PredictionOutcome } from '../../application/predict-customers.js';
import type { Stamp } from '../../application/stamp.js';
import type { Prediction } from '../../domain/predictor.js';
import { predictionAnswer, resultOf, stampAnswer } from './answers.js';
import { WIRE_FALLBACK, WIRE_TIER } from './enums.js';

/** Longest prediction that is written here, bytes: its length and that of its result then take one byte each. */
const MAX_PREDICTION_BYTES = 120;
/** What the fields that differ between customers take at most. */
const MAX_OWN_BYTES = 3 * 9 + 2 * 9 + 2 * 2;
const RESULTS = 0x0a;
const PREDICTION = 0x0a;
const MODEL = 0x12;

const NOTHING = wire.Prediction.fromPartial({});

/** The fields that all customers of an answer share. */
interface Shared extends Pick<PredictedBatch, 'terms' | 'horizonDays' | 'asOf'> {
  readonly currency: Uint8Array;
  readonly horizon: Uint8Array;
}

let lastShared: Shared | undefined;

/** Calls of the same moment share their terms and instants, too. */
function sharedOf({ terms, horizonDays, asOf }: PredictedBatch): Shared {
  const last = lastShared;
  if (last?.terms === terms && last.asOf === asOf && last.horizonDays === horizonDays) return last;
  const { currency } = terms;
  return (lastShared = {
    ...{ terms, horizonDays, asOf },
    currency: wire.Prediction.encode({ ...NOTHING, currency }).finish(),
    horizon: wire.Prediction.encode({ ...NOTHING, horizonDays, asOf }).finish(),
  });
}

/**
 * Writes predictions as generated code would, byte for byte, without an object per customer, and what all customers of
 * an answer share only once: half of a batch's time would else go into it.
 */
class PredictionWriter {
  private bytes: Buffer;
  private at = 0;
  private readonly currency: Uint8Array;
  private readonly horizon: Uint8Array;
  private readonly isShort: boolean;

  constructor(
    private readonly batch: PredictedBatch,
    expected: number,
  ) {
    ({ currency: this.currency, horizon: this.horizon } = sharedOf(batch));
    this.isShort =
      MAX_OWN_BYTES + this.currency.length + this.horizon.length <= MAX_PREDICTION_BYTES;
    this.bytes = Buffer.allocUnsafe(expected * (MAX_PREDICTION_BYTES + 4) + 256);
  }

  /** As an item of `results`. */
  result(outcome: PredictionOutcome): void {
    const { prediction } = outcome;
    if (prediction === undefined || !this.fits(prediction)) {
      const result = wire.PredictionResult.encode(resultOf(outcome, this.setting())).finish();
      this.field(RESULTS, result);
      return;
    }
    this.ensure(MAX_PREDICTION_BYTES + 4);
    const start = this.at;
    this.bytes[start] = RESULTS;
    this.bytes[start + 2] = PREDICTION;
    this.at = start + 4;
    this.prediction(prediction);
    this.bytes[start + 1] = this.at - start - 2;
    this.bytes[start + 3] = this.at - start - 4;
  }

  /** As the field `prediction` of a unary answer. */
  single(prediction: Prediction): void {
    if (!this.fits(prediction)) {
      const answer = predictionAnswer(prediction, this.setting());
      this.field(PREDICTION, wire.Prediction.encode(answer).finish());
      return;
    }
    this.ensure(MAX_PREDICTION_BYTES + 4);
    const start = this.at;
    this.bytes[start] = PREDICTION;
    this.at = start + 2;
    this.prediction(prediction);
    this.bytes[start + 1] = this.at - start - 2;
  }

  finish(): Buffer {
    this.field(MODEL, encodedStamp(this.batch.stamp));
    return this.bytes.subarray(0, this.at);
  }

  private setting(): { currency: string; horizonDays: number; asOf: Date } {
    const { terms, horizonDays, asOf } = this.batch;
    return { currency: terms.currency, horizonDays, asOf };
  }

  private fits({ ltvMicros, expectedSpendMicros, quantiles, acquisition }: Prediction): boolean {
    const isPlain = this.isShort && quantiles === undefined && acquisition === undefined;
    return isPlain && ltvMicros >= 0n && (expectedSpendMicros ?? 0n) >= 0n;
  }

  private prediction({
    value,
    ltvMicros,
    expectedSpendMicros,
    tier,
    fallbackReason,
  }: Prediction): void {
    if (value.expectedPurchases !== undefined) this.double(0x09, value.expectedPurchases);
    if (value.aliveProbability !== undefined) this.double(0x11, value.aliveProbability);
    if (ltvMicros !== 0n) this.varint(0x18, Number(ltvMicros));
    this.copy(this.currency);
    if (expectedSpendMicros !== undefined) this.varint(0x28, Number(expectedSpendMicros));
    if (fallbackReason !== undefined) this.varint(0x30, WIRE_FALLBACK[fallbackReason]);
    this.copy(this.horizon);
    this.varint(0x50, WIRE_TIER[tier]);
    if (value.activeProbability !== undefined) this.double(0x59, value.activeProbability);
  }

  private double(tag: number, value: number): void {
    this.bytes[this.at] = tag;
    this.bytes.writeDoubleLE(value, this.at + 1);
    this.at += 9;
  }

  /** @param value an integer from 0 to 2^53 */
  private varint(tag: number, value: number): void {
    const { bytes } = this;
    let at = this.at;
    bytes[at++] = tag;
    let rest = value;
    for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 128;
    for (; rest > 127; rest >>>= 7) bytes[at++] = (rest & 127) | 128;
    bytes[at++] = rest;
    this.at = at;
  }

  private copy(part: Uint8Array): void {
    for (let i = 0; i < part.length; i++) this.bytes[this.at + i] = part[i] ?? 0;
    this.at += part.length;
  }

  private field(tag: number, message: Uint8Array): void {
    this.ensure(message.length + 16);
    this.varint(tag, message.length);
    this.bytes.set(message, this.at);
    this.at += message.length;
  }

  private ensure(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * this.bytes.length + more);
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
  }
}

const stamps = new WeakMap<Stamp, Uint8Array>();

/** Calls of the same moment share a stamp, and with it its bytes. */
function encodedStamp(stamp: Stamp): Uint8Array {
  let bytes = stamps.get(stamp);
  if (bytes === undefined) {
    stamps.set(stamp, (bytes = wire.ModelStamp.encode(stampAnswer(stamp)).finish()));
  }
  return bytes;
}

/** A `PredictBatchResponse` or, which is the same, a `PredictStreamResponse`. */
export function encodedBatch(batch: PredictedBatch): Buffer {
  const writer = new PredictionWriter(batch, batch.outcomes.length);
  for (const outcome of batch.outcomes) writer.result(outcome);
  return writer.finish();
}

/** A `PredictResponse`. */
export function encodedPrediction(prediction: Prediction, batch: PredictedBatch): Buffer {
  const writer = new PredictionWriter(batch, 1);
  writer.single(prediction);
  return writer.finish();
}

type Definition = typeof wire.syncValueGrpc.definition;

const { definition } = wire.syncValueGrpc;

/** Serializers that let through what a handler encoded itself. */
export const servedGrpc: Omit<typeof wire.syncValueGrpc, 'definition'> & {
  readonly definition: Definition;
} = {
  ...wire.syncValueGrpc,
  definition: {
    ...definition,
    predict: { ...definition.predict, responseSerialize: asItIs },
    predictBatch: { ...definition.predictBatch, responseSerialize: asItIs },
    predictStream: { ...definition.predictStream, responseSerialize: asItIs },
  },
};

function asItIs(answer: unknown): Buffer {
  return answer as Buffer;
}
