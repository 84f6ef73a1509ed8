import { defineErrors } from '@kiki/kernel';

/** Codes of the command line of KIKI. */
export const errors = defineErrors({
  order_file_unreadable: {
    kind: 'invalid',
    title: 'The order log cannot be read.',
    fix: 'Check the path and the permissions of the file that --orders names.',
  },
  order_reader_unfit: {
    kind: 'invalid',
    title: 'The order log cannot be read in the way that was asked for.',
    fix: 'Choose another --reader, or leave the option that the message names out.',
  },
  plots_exist: {
    kind: 'invalid',
    title: 'Plots would be written over.',
    fix: 'Name another folder, or allow it with --force.',
  },
  plots_unwritable: {
    kind: 'invalid',
    title: 'The plots cannot be written.',
    fix: 'Name a folder that this user may write to.',
  },
  calibration_end_invalid: {
    kind: 'invalid',
    title: 'The end of the calibration does not lie within the order log.',
    fix: 'Choose a day after the first and before the last order of the log.',
  },
  demo_failed: {
    kind: 'unprocessable',
    title: 'The demo did not keep a promise.',
    fix: 'Read the reasons in the message; the report above shows the numbers they were counted from.',
  },
  demo_unprepared: {
    kind: 'invalid',
    title: 'The running services are not prepared for the demo.',
    fix: 'Start them with the lines of `kiki demo --print-environment`, on the stores of this shell.',
  },
  demo_stalled: {
    kind: 'unavailable',
    title: 'The demo waited in vain.',
    fix: 'Run it again with LOG_LEVEL=info to see what the service named in the message says.',
  },
  exchange_failed: {
    kind: 'unavailable',
    title: 'The simulated exchange did not start or has died.',
    fix: 'Run the demo again; LOG_LEVEL=info shows what the process said.',
  },
  audit_export_exists: {
    kind: 'invalid',
    title: 'The export would be written over another one.',
    fix: 'Name a folder that is empty or not there.',
  },
  audit_input_unusable: {
    kind: 'invalid',
    title: 'The audit log cannot be verified with what was given.',
    fix: 'Give --log, --checkpoint and --public-key as `kiki audit export` writes them.',
  },
  audit_key_exists: {
    kind: 'invalid',
    title: 'There is a signing key already.',
    fix: 'Put a new one before it with --rotate, or name another --file.',
  },
});
