export { UnusableInput, type Finding, type FindingKind } from './finding.js';
export type { RecomputedBudget } from './budget-sums.js';
export { readCheckpoints, type CheckpointFile } from './checkpoint-file.js';
export { readStatement, type StatedBudget } from './statement.js';
export { verifyAuditLog, type VerifyInput, type VerifyReport } from './verify-audit-log.js';
