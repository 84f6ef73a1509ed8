import { defineErrors } from '@kiki/kernel';

/** Codes of starting and stopping. */
export const errors = defineErrors({
  port_in_use: {
    kind: 'unavailable',
    title: 'A port that a service listens on is taken.',
    fix: 'Stop the program that has it, set the variable named in the message, or pass --port-base 0.',
  },
  address_unusable: {
    kind: 'unprocessable',
    title: 'A service cannot listen where it was told to.',
    fix: 'Set KIKI_BIND_HOST to an address of this machine, and ports from 1024 unless the system allows lower ones.',
  },
  arguments_invalid: {
    kind: 'invalid',
    title: 'The command line is not valid.',
    fix: 'Start without arguments, or with --port-base N (0 takes free ports).',
  },
  service_unknown: {
    kind: 'invalid',
    title: 'No such service was started here.',
    fix: 'Start it with the others, or ask another process.',
  },
  redis_unfit: {
    kind: 'unprocessable',
    title: 'The Redis server is not fit for queues.',
    fix: 'Change the server as the message says; `kiki doctor` looks at it again.',
  },
});
