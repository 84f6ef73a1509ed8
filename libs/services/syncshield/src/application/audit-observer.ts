import type { TreeTotals } from './audit-trees.js';

/** Told what the integrator of the audit logs does. */
export abstract class AuditObserver {
  abstract passed(totals: TreeTotals, seconds: number): void;
  abstract failed(): void;
}
