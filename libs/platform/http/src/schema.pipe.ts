import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { expectedBy, fieldPath } from '@kiki/config';
import { DomainError, errorCatalogue, kernelErrors, type FieldProblem } from '@kiki/kernel';
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** More problems than this are not listed. */
const MAX_FIELDS = 50;

/**
 * Validates a body, query or parameter by the Zod schema of its decorator.
 * @throws invalid_request, unknown_field, or the code that a schema's check names in `params.code`
 */
export class SchemaPipe implements PipeTransform {
  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    const { schema } = metadata;
    if (schema === undefined || metadata.type === 'custom') return value;
    const result = schema['~standard'].validate(value);
    if (result instanceof Promise) {
      return result.then((settled) => valueOrThrow(settled, metadata));
    }
    return valueOrThrow(result, metadata);
  }
}

type Settled = { readonly value?: unknown; readonly issues?: readonly unknown[] | undefined };

function valueOrThrow(result: Settled, metadata: ArgumentMetadata): unknown {
  if (result.issues === undefined) return result.value;
  throw validationError(result.issues as Issue[], metadata.data ?? metadata.type);
}

/** The error for the issues of a schema; `root` names the value when an issue is about all of it. */
export function validationError(issues: readonly Issue[], root: string): DomainError {
  const fields = issues.flatMap((issue) => problemsOf(issue, root)).slice(0, MAX_FIELDS);
  const details = { fields };
  const code = commonCode(issues);
  const first = fields[0];
  const message = first && `${first.field}: expected ${first.expected}.`;
  const row = errorCatalogue().get(code);
  if (row === undefined) return kernelErrors.invalid_request(message, details);
  return new DomainError(code, row.kind, message ?? row.title, details);
}

function problemsOf(issue: Issue, root: string): FieldProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: fieldPath([...issue.path, key]),
      expected: 'no such field; check its spelling',
    }));
  }
  const field = fieldPath(issue.path);
  return [{ field: field === '' ? root : field, expected: expectedBy(issue) }];
}

/** One code when all issues agree, else the general one. */
function commonCode(issues: readonly Issue[]): string {
  const codes = new Set(issues.map(codeOf));
  const [only] = codes;
  return codes.size === 1 && only !== undefined ? only : 'invalid_request';
}

function codeOf(issue: Issue): string {
  if (issue.code === 'unrecognized_keys') return 'unknown_field';
  const params =
    issue.code === 'custom' ? (issue.params as { code?: unknown } | undefined) : undefined;
  return typeof params?.code === 'string' ? params.code : 'invalid_request';
}
