import { defineErrors } from '@kiki/kernel';

/** Codes of the simulated exchange. */
export const errors = defineErrors({
  simulation_invalid: {
    kind: 'invalid',
    title: 'The simulated exchange cannot run with these numbers.',
    fix: 'Correct the setting named in the message.',
  },
});
