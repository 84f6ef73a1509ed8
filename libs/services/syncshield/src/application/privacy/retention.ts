import type {
  RetentionCategory,
  RetentionResult,
  RetentionRule,
} from '../../domain/privacy/retention.js';

/** How long what is kept; every change and every sweep that deletes something is in the audit log. */
export abstract class Retention {
  abstract rules(tenant: string): Promise<RetentionRule[]>;
  abstract setRule(
    tenant: string,
    rule: { readonly category: RetentionCategory; readonly keepDays: number },
    actor: string,
  ): Promise<RetentionRule[]>;
  /** Deletes what is over its time; a dry run only counts. */
  abstract sweep(
    tenant: string,
    options: { readonly isDryRun: boolean; readonly actor: string },
  ): Promise<RetentionResult[]>;
  abstract tenants(): Promise<string[]>;
}
