import { errors } from './errors.js';

/** Longest id that a producer may give a job. */
const MAX_LENGTH = 256;

/**
 * The name under which the store knows a job: tenants never share ids, and BullMQ allows no colon.
 * `%` and `:` are percent-encoded.
 */
export function storedJobId(tenant: string, id: string): string {
  if (id.length === 0 || id.length > MAX_LENGTH || !id.isWellFormed() || id.includes('\u0000')) {
    throw errors.job_options_invalid(undefined, {
      fields: [{ field: 'id', expected: `a text of 1 to ${MAX_LENGTH} characters` }],
    });
  }
  return escape(`${tenant}/${id}`);
}

/** The id as its producer knows it; an id that was not given by `storedJobId` stays as it is. */
export function producerJobId(tenant: string, stored: string): string {
  const prefix = escape(`${tenant}/`);
  return stored.startsWith(prefix) ? unescape(stored.slice(prefix.length)) : stored;
}

function escape(text: string): string {
  return text.replaceAll('%', '%25').replaceAll(':', '%3A');
}

function unescape(text: string): string {
  return text.replaceAll('%3A', ':').replaceAll('%25', '%');
}
