export { errors as syncengageErrors } from './errors.js';
export type { SyncengageConfig } from './syncengage.config.js';
export { syncengageDefinition } from './syncengage.definition.js';
export { armOf, assignmentFraction, type AssignmentKey } from './domain/holdout.js';
