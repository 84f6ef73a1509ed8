import { defineErrors } from '@kiki/kernel';

/** Codes of SyncCreate. */
export const errors = defineErrors({
  job_not_found: {
    kind: 'not_found',
    title: 'There is no such job, or it belongs to another tenant.',
    fix: 'Check the id; finished jobs are kept for SYNCCREATE_JOB_RETENTION_DAYS.',
  },
  creative_not_found: {
    kind: 'not_found',
    title: 'There is no such creative, or it belongs to another tenant.',
    fix: 'List the creatives at `GET /api/v1/creatives`.',
  },
  image_url_forbidden: {
    kind: 'unprocessable',
    title: 'The picture lies where SyncCreate must not look.',
    fix: 'Use a public `https` address, `kiki://objects/<sha256>`, or list the origin in SYNCCREATE_TRUSTED_ORIGINS.',
  },
  image_fetch_failed: {
    kind: 'unprocessable',
    title: 'The picture could not be loaded from its address.',
    fix: 'Check that the address answers 200 within the time limit and at most three redirects.',
  },
  image_not_found: {
    kind: 'unprocessable',
    title: 'There is no stored object of this hash.',
    fix: 'Take the hash from a creative of the same tenant: `kiki://objects/<sha256>`.',
  },
  image_too_large: {
    kind: 'unprocessable',
    title: 'The picture has too many bytes or pixels.',
    fix: 'Send one of at most SYNCCREATE_FETCH_MAX_BYTES bytes and 40 million pixels.',
  },
  image_type_unsupported: {
    kind: 'unprocessable',
    title: 'The file is not a JPEG, PNG or WebP picture.',
    fix: 'Convert it; the content counts, not the name.',
  },
  image_unreadable: {
    kind: 'unprocessable',
    title: 'The picture cannot be decoded.',
    fix: 'Save it again; it is damaged or cut off.',
  },
  image_too_heavy: {
    kind: 'unprocessable',
    title: 'The picture cannot be made small enough for the platform.',
    fix: 'Use a calmer product photo, or another platform.',
  },
});
