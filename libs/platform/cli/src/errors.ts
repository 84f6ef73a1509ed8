import { defineErrors } from '@kiki/kernel';

/** Codes of the command line. */
export const errors = defineErrors({
  usage_invalid: {
    kind: 'invalid',
    title: 'The command line is not valid.',
    fix: 'Correct the option named in the message; `--help` after a command lists all of its options.',
  },
});
