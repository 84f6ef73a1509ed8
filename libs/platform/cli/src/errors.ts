import { defineErrors } from '@kiki/kernel';

/** Codes of the command line. */
export const errors = defineErrors({
  usage_invalid: {
    kind: 'invalid',
    title: 'The command line is not valid.',
    fix: 'Correct the option named in the message; `--help` after a command lists all of its options.',
  },
  command_failed: {
    kind: 'unprocessable',
    title: 'The command found something wrong.',
    fix: 'Read the lines above; each says what to do.',
  },
});
