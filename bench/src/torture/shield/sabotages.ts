/** One safeguard, and what stands in its place. */
export interface Sabotage {
  /** End of the URL of the built module. */
  readonly file: string;
  /** Code, and what stands in its place. */
  readonly instead: readonly (readonly [code: string, instead: string])[];
}

/** One batch in fifty. */
const NOW_AND_THEN = 'Math.random() < 0.02';

/** What `--sabotage-what` can take away. */
export const SABOTAGES: Readonly<Record<string, Sabotage>> = {
  /** Now and then a batch is answered as if it were committed, and is not. */
  commit: {
    file: '/platform/postgres/dist/postgres-database.js',
    instead: [
      [
        'await commit(client);',
        `await (options.settings?.plan_cache_mode && ${NOW_AND_THEN} ? rollback(client) : commit(client));`,
      ],
      [
        'return (await runStatement(client, ...statement)).rows;',
        `const isLost = ${NOW_AND_THEN};
         if (isLost) await client.query('BEGIN');
         const { rows } = await runStatement(client, ...statement);
         if (isLost) await client.query('ROLLBACK');
         return rows;`,
      ],
    ],
  },
  /** No cap says no; the CHECK of the table is what is left. */
  check: {
    file: '/syncshield/dist/domain/decision.js',
    instead: [['costOf(cap, grantedMicros) > headroom(cap, usage)', 'false']],
  },
  /** Counters in memory are believed although another replica has written. */
  fence: {
    file: '/syncshield/dist/adapters/postgres/kept-counters.js',
    instead: [['kept.head.stateSeq !== shard.stateSeq', 'false']],
  },
};
