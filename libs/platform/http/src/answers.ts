import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';

/**
 * Documents a route's answer by the same kind of schema that validates its body: `@Answers(200, HoldAnswer, 'The
 * decision')`. Errors (problem details) are added to every route by the OpenAPI builder.
 */
export function Answers(
  status: number,
  schema: z.ZodType | undefined,
  description: string,
): MethodDecorator {
  return applyDecorators(
    ApiResponse({ status, description, ...(schema ? { standardSchema: schema as never } : {}) }),
  );
}
