import { kernelErrors } from '@kiki/kernel';
import type { Queryable } from '@kiki/postgres';
import {
  identifiersOf,
  plainRow,
  quoted,
  SubjectData,
  type Subject,
  type SubjectCounts,
  type SubjectParts,
} from '@kiki/subject-data';
import { CREATE_STORES } from './create-data-map.js';

/** Whether a JSON text has one of the identifiers as a whole text of its own, or the address anywhere. */
const NAMES = (column: string): string =>
  `exists (select from unnest($2::text[]) as q (text) where position(q.text in ${column}::text) > 0)`;

const JOBS = `tenant = $1 and (${NAMES('request')} or ${NAMES("coalesce(validation, '{}')")}
  or ${NAMES("coalesce(error, '{}')")})`;

/**
 * What SyncCreate knows of a person: nothing, unless somebody wrote their name into a brief. Such jobs and their
 * creatives go; the images, named by their content, stay.
 */
export class CreateSubjectData extends SubjectData {
  override readonly stores = CREATE_STORES;

  override async access(tx: Queryable, subject: Subject): Promise<SubjectParts> {
    const values = [subject.tenant, wanted(subject)];
    const jobs = await tx.query(`select * from jobs where ${JOBS}`, values);
    const creatives = await tx.query(
      `select * from creatives where tenant = $1 and ${NAMES('details')}`,
      values,
    );
    return {
      'synccreate.jobs': jobs.map(plainRow),
      'synccreate.creatives': creatives.map(plainRow),
    };
  }

  override async erase(tx: Queryable, subject: Subject): Promise<SubjectCounts> {
    const values = [subject.tenant, wanted(subject)];
    const [open] = await tx.query(
      `select from jobs where ${JOBS}
          and (finished_at is null or hold_state in ('asked', 'held')) limit 1`,
      values,
    );
    if (open !== undefined) {
      throw kernelErrors.unavailable('A job about the subject runs or is not paid for yet.', {
        retryAfterMs: 5_000,
      });
    }
    const creatives = await tx.execute(
      `delete from creatives where tenant = $1
          and (${NAMES('details')} or job_id in (select id from jobs where ${JOBS}))`,
      values,
    );
    const jobs = await tx.execute(`delete from jobs where ${JOBS}`, values);
    return { 'synccreate.creatives': creatives, 'synccreate.jobs': jobs };
  }
}

/** An address is looked for anywhere, an id (which may be a short number) only as a whole text. */
function wanted(subject: Subject): string[] {
  const { email } = subject;
  return [...quoted(identifiersOf(subject)), ...(email === undefined ? [] : [email])];
}
