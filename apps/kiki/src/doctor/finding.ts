/** What one check found. */
export interface Finding {
  readonly check: string;
  /** `warn` leaves the exit code at 0; `skipped` says that something else has to work first. */
  readonly status: 'ok' | 'warn' | 'failed' | 'skipped';
  readonly detail: string;
  /** What to do; of `warn` and `failed`. */
  readonly fix?: string;
}

/** Makes findings of one check. */
export function findings(check: string) {
  return {
    ok: (detail: string): Finding => ({ check, status: 'ok', detail }),
    skipped: (detail: string): Finding => ({ check, status: 'skipped', detail }),
    warn: (detail: string, fix: string): Finding => ({ check, status: 'warn', detail, fix }),
    failed: (detail: string, fix: string): Finding => ({ check, status: 'failed', detail, fix }),
  };
}
