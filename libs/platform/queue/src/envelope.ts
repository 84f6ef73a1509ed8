import type { PayloadSigner } from '@kiki/auth';
import { DomainError } from '@kiki/kernel';
import { errors } from './errors.js';

/** Largest payload, bytes of JSON. */
export const MAX_PAYLOAD_BYTES = 1024 * 1024;

/** Version of the envelope. */
const VERSION = 1;
const RESERVED = ['v', 'tenant', 'job', 'keyId', 'sig'] as const;

/** A payload as it lies in the store: the job's own members between those of the envelope. */
export type SignedPayload = Readonly<Record<string, unknown>> & {
  readonly v: 1;
  readonly tenant: string;
  readonly keyId: string;
  readonly sig: string;
};

/** What a verified payload says. */
export interface OpenedPayload {
  readonly tenant: string;
  /** The job's own members. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Whose jobs a queue takes: the signer, and the scope that a producer's key must have. */
export interface Trust {
  readonly signer: PayloadSigner;
  readonly scope: string;
}

function refuse(field: string, expected: string): DomainError {
  return errors.job_payload_invalid(`The payload is wrong at ${field}: expected ${expected}.`, {
    fields: [{ field, expected }],
  });
}

/** Signs a job's data: `{...data, v, tenant, job, keyId, sig}`. @throws job_payload_invalid, job_too_large */
export async function seal(
  trust: Trust,
  job: { readonly tenant: string; readonly name: string; readonly data: unknown },
): Promise<SignedPayload> {
  const data = plainObject(job.data);
  for (const name of RESERVED) {
    if (name in data) throw refuse(name, 'no member of that name; the envelope owns it');
  }
  const payload = { ...data, v: VERSION, tenant: job.tenant, job: job.name } as const;
  const { keyId, sig } = await trust.signer.sign(job.tenant, payload);
  return { ...payload, keyId, sig };
}

/**
 * Checks shape and signature of a payload that anybody may have put into the store.
 * @throws job_payload_invalid, and what the signer throws: signature_missing, signature_invalid, scope_missing
 */
export async function open(trust: Trust, name: string, payload: unknown): Promise<OpenedPayload> {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
    throw refuse('payload', 'a JSON object');
  }
  const { v, tenant, job, keyId: _keyId, sig: _sig, ...data } = payload as Record<string, unknown>;
  if (v !== VERSION) throw refuse('v', `the version ${VERSION}`);
  if (typeof tenant !== 'string' || tenant === '') throw refuse('tenant', 'the id of a tenant');
  if (job !== undefined && job !== name) throw refuse('job', `the name of the job, ${name}`);
  const principal = await trust.signer.verify(payload as Record<string, unknown>, trust.scope);
  if (principal.tenant !== tenant) throw refuse('tenant', 'the tenant of the signing key');
  return { tenant, data };
}

/** The data as JSON will carry it, on every backend alike. */
function plainObject(data: unknown): Record<string, unknown> {
  const json = toJson(data);
  if (Buffer.byteLength(json) > MAX_PAYLOAD_BYTES) {
    throw errors.job_too_large(
      `The payload has ${Buffer.byteLength(json)} bytes; at most ${MAX_PAYLOAD_BYTES} are taken.`,
    );
  }
  // Postgres' jsonb takes neither NUL nor half a surrogate pair; so does no backend. JSON.stringify writes both as
  // escapes;
  // after an even number of backslashes the `u` is text.
  if (/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/.test(json))
    throw refuse('data', 'text without NUL or lone surrogates');
  return JSON.parse(json) as Record<string, unknown>;
}

function toJson(data: unknown): string {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw refuse('data', 'an object');
  }
  try {
    return JSON.stringify(data);
  } catch {
    throw refuse('data', 'something that JSON can carry (no bigint, no cycle)');
  }
}
