const DAY_MS = 86_400_000;

/** How long exports can be had. */
export class ExportPeriod {
  constructor(private readonly days: number) {}

  /** When an export that was completed at the instant goes. */
  endMs(completedMs: number): number {
    return completedMs + this.days * DAY_MS;
  }

  /** Exports completed before this instant are over. */
  overBeforeMs(nowMs: number): number {
    return nowMs - this.days * DAY_MS;
  }
}
