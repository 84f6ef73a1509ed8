/** One line of `/ready`: `degraded` is shown but does not make the service unready. */
export interface ReadinessReport {
  readonly status: 'up' | 'degraded' | 'down';
  /** Shown as it is: breaker state, profile, provider, durability mode… */
  readonly [detail: string]: unknown;
}

/** Where services add what their readiness depends on. Liveness (`/health`) never runs these. */
export abstract class Readiness {
  /** `check` must answer within 2 s; a rejection counts as `down`. */
  abstract add(name: string, check: () => Promise<ReadinessReport>): void;
  /** Runs every check. */
  abstract report(): Promise<{ isReady: boolean; checks: Record<string, ReadinessReport> }>;
}
