/** One safeguard, and what stands in its place. */
export interface Sabotage {
  /** End of the URL of the built module. */
  readonly file: string;
  readonly code: string;
  readonly instead: string;
}

/** What `--sabotage-what` can take away. */
export const SABOTAGES: Readonly<Record<string, Sabotage>> = {
  /** An answer may leave before the store has it. */
  commit: {
    file: '/platform/postgres/dist/postgres-database.js',
    code: 'await commit(client);',
    instead: 'commit(client).catch(() => undefined);',
  },
  /** No cap says no; the CHECK of the table is what is left. */
  check: {
    file: '/syncshield/dist/domain/decision.js',
    code: 'costOf(cap, grantedMicros) > headroom(cap, usage)',
    instead: 'false',
  },
  /** Counters in memory are believed although another replica has written. */
  fence: {
    file: '/syncshield/dist/adapters/postgres/kept-counters.js',
    code: 'kept.stateSeq !== shard.stateSeq',
    instead: 'false',
  },
};
