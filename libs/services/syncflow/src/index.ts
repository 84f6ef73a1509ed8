export type { Campaign, CampaignDraft } from './domain/campaign.js';
export type { Decision, DecisionStatus, PriceReason, ValueSource } from './domain/decision.js';
export type { Outcome, OutcomeKind } from './domain/outcome.js';
export { errors as syncflowErrors } from './errors.js';
export { syncflowConfig, type SyncflowConfig } from './syncflow.config.js';
export { syncflowDefinition } from './syncflow.definition.js';
