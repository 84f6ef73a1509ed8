import type { paths } from './generated/openapi.js';

type WireJob = paths['/api/v1/jobs/{id}']['get']['responses'][200]['content']['application/json'];

/** One creative with the evidence of its checks. */
export type Creative =
  paths['/api/v1/creatives/{id}']['get']['responses'][200]['content']['application/json'];

/** What one check found. */
export type Check = Creative['checks'][number];

/** A platform's format. */
export type Platform = Creative['platform'];

/** What a check of a picture found. */
export type Validation = NonNullable<WireJob['validation']>;

/** Body of a request for creatives, in the documented names. */
export type GenerateRequest =
  paths['/api/v1/generate']['post']['requestBody']['content']['application/json'];

/** Body of a request to check a picture. */
export type ValidateRequest =
  paths['/api/v1/validate']['post']['requestBody']['content']['application/json'];

/** Money set aside for a job. */
export type JobBudget = Omit<NonNullable<WireJob['budget']>, 'amountMicros'> & {
  readonly amountMicros: bigint;
};

/** A job and what came of it so far. */
export type Job = Omit<WireJob, 'budget'> & { readonly budget: JobBudget | null };

/** A job off the wire. */
export function jobOf({ budget, ...rest }: WireJob): Job {
  return {
    ...rest,
    budget: budget && { ...budget, amountMicros: BigInt(budget.amountMicros) },
  };
}
