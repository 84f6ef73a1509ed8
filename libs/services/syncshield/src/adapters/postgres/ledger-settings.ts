/**
 * Keeps the planner on the indexes: named statements are planned once per connection, perhaps while the tables are
 * still empty.
 */
export const PLAN_SETTINGS: Readonly<Record<string, string>> = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
};

/** Bounds the wait for a lock and the time that a process may hang with one, and keeps plans as they should be. */
export function ledgerSettings(options: {
  readonly lockTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
}): Readonly<Record<string, string>> {
  return {
    lock_timeout: `${options.lockTimeoutMs ?? 2_000}ms`,
    idle_in_transaction_session_timeout: `${options.idleTimeoutMs ?? 2_000}ms`,
    ...PLAN_SETTINGS,
  };
}
