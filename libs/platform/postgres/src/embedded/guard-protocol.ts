/** One live process that uses the server. */
export interface GuardUser {
  readonly pid: number;
  readonly name: string;
}

/** What a user says, one JSON object a line. */
export type ToGuard =
  | { readonly kind: 'join'; readonly user: GuardUser; readonly lingerMs: number }
  | { readonly kind: 'leave'; readonly isImmediate: boolean };

/** What the guard says, one JSON object a line. */
export type FromGuard =
  { readonly kind: 'welcome'; readonly others: readonly GuardUser[] } | { readonly kind: 'down' };

/** What a guard is told when it is started. */
export interface GuardOptions {
  readonly guardId: string;
  readonly guardSocket: string;
  readonly lockFile: string;
  readonly stateFile: string;
  readonly pidFile: string;
  readonly dataDir: string;
  readonly pgCtl: string;
  readonly lingerMs: number;
  readonly startTimeoutMs: number;
}
