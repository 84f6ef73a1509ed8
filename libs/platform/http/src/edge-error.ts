import { HttpException } from '@nestjs/common';
import { DomainError, kernelErrors } from '@kiki/kernel';
import { errors } from './errors.js';

/** Gives what Fastify and Nest throw before a handler runs a code of the catalogue. */
export function edgeError(error: unknown): unknown {
  if (DomainError.is(error)) return error;
  const { code, statusCode, message } = error as {
    code?: unknown;
    statusCode?: unknown;
    message?: unknown;
  };
  const text = typeof message === 'string' ? message : '';
  const known = typeof code === 'string' ? byFastifyCode(code, text, error) : undefined;
  if (known !== undefined) return known;
  if (error instanceof HttpException) return byStatus(error.getStatus(), text, error);
  if (error instanceof SyntaxError && statusCode === 400) return jsonInvalid(text, error);
  return typeof statusCode === 'number' && statusCode < 500
    ? byStatus(statusCode, text, error)
    : error;
}

function byFastifyCode(code: string, text: string, cause: unknown): DomainError | undefined {
  switch (code) {
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return jsonInvalid(text, cause);
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return errors.body_too_large(undefined, {}, { cause });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return errors.media_type_unsupported(undefined, {}, { cause });
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return kernelErrors.invalid_request(
        'The body does not have the length that Content-Length says.',
        {},
        { cause },
      );
    default:
      return undefined;
  }
}

function jsonInvalid(text: string, cause: unknown): DomainError {
  return errors.json_invalid(
    text === '' ? undefined : `The body is not valid JSON: ${text}`,
    {},
    { cause },
  );
}

function byStatus(status: number, text: string, cause: unknown): unknown {
  if (status === 404) return errors.route_not_found(text, {}, { cause });
  if (status === 413) return errors.body_too_large(undefined, {}, { cause });
  if (status === 415) return errors.media_type_unsupported(undefined, {}, { cause });
  if (status === 503) return kernelErrors.unavailable(text, {}, { cause });
  return status < 500 ? kernelErrors.invalid_request(text, {}, { cause }) : cause;
}
