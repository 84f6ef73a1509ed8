import { defineErrors } from '@kiki/kernel';

/** Codes of the configuration. */
export const errors = defineErrors({
  config_invalid: {
    kind: 'invalid',
    title: 'The configuration is not valid.',
    fix: 'Set each variable named in the message as described; `kiki config` prints all of them.',
  },
});
