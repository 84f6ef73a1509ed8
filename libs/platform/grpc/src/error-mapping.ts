import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { DomainError, kernelErrors, type ErrorDetails, type ErrorKind } from '@kiki/kernel';
import { GRPC_STATUS, KIND_OF_STATUS } from './status-table.js';

/** Trailer with the code of the error catalogue, e.g. `model_missing`. */
export const ERROR_CODE_KEY = 'kiki-error-code';
/** Trailer with the kind, e.g. `unprocessable`. */
export const ERROR_KIND_KEY = 'kiki-error-kind';
/** Trailer with the details as JSON in UTF-8. */
export const ERROR_DETAILS_KEY = 'kiki-error-details-bin';

// Trailers count against the peer's header limit (8 KiB by default in grpc-js and most proxies).
const MAX_DETAILS_BYTES = 4096;
const MAX_FIELDS = 16;

/** What grpc-js sends to the caller. */
export interface GrpcFailure {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

function encodeDetails(details: ErrorDetails): Buffer | undefined {
  if (Object.keys(details).length === 0) return undefined;
  const cut = details.fields
    ? { ...details, fields: details.fields.slice(0, MAX_FIELDS) }
    : details;
  const bytes = Buffer.from(
    JSON.stringify(cut, (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    ),
  );
  return bytes.length <= MAX_DETAILS_BYTES ? bytes : undefined;
}

/** Any thrown value as an error of the catalogue: what is not a DomainError becomes `internal`. */
export function asDomainError(error: unknown): DomainError {
  if (DomainError.is(error)) return error;
  if (error instanceof Error && error.name === 'AbortError') {
    return kernelErrors.cancelled(undefined, {}, { cause: error });
  }
  return kernelErrors.internal(undefined, {}, { cause: error });
}

/** A DomainError as the status, message and trailers of a gRPC answer. */
export function toGrpcFailure(error: DomainError): GrpcFailure {
  const metadata = new Metadata();
  metadata.set(ERROR_CODE_KEY, error.code);
  metadata.set(ERROR_KIND_KEY, error.kind);
  const details = encodeDetails(error.details);
  if (details) metadata.set(ERROR_DETAILS_KEY, details);
  return { code: GRPC_STATUS[error.kind], details: error.message, metadata };
}

function decodeDetails(metadata: Metadata): ErrorDetails {
  const [bytes] = metadata.get(ERROR_DETAILS_KEY);
  if (!Buffer.isBuffer(bytes)) return {};
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? (parsed as ErrorDetails) : {};
  } catch {
    return {};
  }
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && typeof (error as { code?: unknown }).code === 'number';
}

const CODE_OF_KIND: Readonly<Partial<Record<ErrorKind, string>>> = {
  invalid: 'invalid_request',
  not_found: 'not_found',
  unavailable: 'unavailable',
  deadline: 'deadline_exceeded',
  cancelled: 'cancelled',
  unauthenticated: 'key_missing',
  forbidden: 'scope_missing',
};

/** A failed call of a client as the DomainError that the server threw, or that the channel stands for. */
export function fromGrpcError(error: unknown): DomainError {
  if (DomainError.is(error)) return error;
  if (!isServiceError(error)) return kernelErrors.internal(undefined, {}, { cause: error });
  const metadata = error.metadata ?? new Metadata();
  const [code] = metadata.get(ERROR_CODE_KEY);
  const [namedKind] = metadata.get(ERROR_KIND_KEY);
  const kind =
    typeof namedKind === 'string' && namedKind in GRPC_STATUS
      ? (namedKind as ErrorKind)
      : (KIND_OF_STATUS[error.code] ?? 'internal');
  const name = typeof code === 'string' ? code : (CODE_OF_KIND[kind] ?? 'internal');
  return new DomainError(name, kind, error.details || error.message, decodeDetails(metadata), {
    cause: error,
  });
}
