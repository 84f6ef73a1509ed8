import { defineErrors } from '@kiki/kernel';

/** Codes of the object store. */
export const errors = defineErrors({
  object_not_found: {
    kind: 'not_found',
    title: 'There is no such object, or it belongs to another tenant.',
    fix: 'Check the hash and the tenant of your key.',
  },
  object_corrupt: {
    kind: 'internal',
    title: 'The stored bytes do not have the hash that names them.',
    fix: 'Restore the object from a back-up, or store the same bytes again: that repairs it.',
  },
  object_too_large: {
    kind: 'too_large',
    title: 'The object is larger than the store takes.',
    fix: 'Send a smaller file; the message names the limit.',
  },
  object_invalid: {
    kind: 'invalid',
    title: 'An object was named or described in a form that the store does not take.',
    fix: 'Correct the fields named in `fields`; a hash is 64 lower-case hexadecimal digits.',
  },
  object_location_invalid: {
    kind: 'invalid',
    title: 'The location of an object in S3 cannot be understood.',
    fix: 'Write s3://bucket/key.',
  },
  object_access_refused: {
    kind: 'unprocessable',
    title: 'S3 does not let the object be read.',
    fix: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or a profile or role) with the right to read it.',
  },
  object_store_settings: {
    kind: 'invalid',
    title: 'The settings of the object store contradict each other.',
    fix: "Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY both, or neither to use the machine's own role.",
  },
});
