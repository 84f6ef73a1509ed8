import { microsToWire } from '@kiki/kernel';
import type { CheckResult } from '@kiki/studio';
import type { z } from 'zod';
import type { Creative, ValidationResult } from '../../domain/creative.js';
import type { Job, JobError, JobHold } from '../../domain/job.js';
import type { CreativeAnswer, JobAnswer } from './answers.schema.js';

type Answer = z.infer<typeof JobAnswer>;

const checksOf = (checks: readonly CheckResult[]): Answer['creatives'][number]['checks'] =>
  checks.map((check) => ({ ...check }));

/** A creative as the API shows it; its layout stays inside. */
export function creativeAnswer(creative: Creative): z.infer<typeof CreativeAnswer> {
  const { id, jobId, strategy, platform, width, height, bytes, contentType, sha256 } = creative;
  return {
    id,
    jobId,
    variant: strategy,
    platform,
    width,
    height,
    bytes,
    contentType,
    sha256,
    imageUrl: `/api/v1/creatives/${id}/image`,
    perceptualHash: creative.perceptualHash,
    passed: creative.isPassed,
    checks: checksOf(creative.checks),
    texts: creative.texts,
    shortened: [...creative.shortened],
    provenance: creative.provenance,
    attention: creative.attention,
    createdAt: creative.createdAt.toISOString(),
  };
}

/** A job as the API shows it. */
export function jobAnswer(job: Job, creatives: readonly Creative[]): Answer {
  const { id, work, status, error, hold, validation, createdAt, finishedAt } = job;
  return {
    id,
    kind: work.kind,
    status,
    statusUrl: `/api/v1/jobs/${id}`,
    error: error && errorAnswer(error),
    budget: hold && budgetAnswer(hold),
    creatives: creatives.map(creativeAnswer),
    validation: validation && validationAnswer(validation),
    createdAt: createdAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
  };
}

function errorAnswer({ code, detail, fields }: JobError): NonNullable<Answer['error']> {
  return { code, detail, ...(fields === undefined ? {} : { fields: [...fields] }) };
}

function budgetAnswer({ amountMicros, ...rest }: JobHold): NonNullable<Answer['budget']> {
  return { ...rest, amountMicros: microsToWire(amountMicros) };
}

function validationAnswer({
  isPassed,
  checks,
  ...rest
}: ValidationResult): NonNullable<Answer['validation']> {
  return { ...rest, passed: isPassed, checks: checksOf(checks) };
}
