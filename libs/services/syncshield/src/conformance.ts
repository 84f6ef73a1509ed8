/** What the ledger is tested with: a reference, model runs and trials of its caps. No product code uses it. */
export { ModelStore } from './adapters/postgres/model-store.js';
export { StoreModelRun } from './adapters/postgres/store-model-run.js';
export type { CapInput } from './domain/caps.js';
export { calendarTrial, TRIAL_ZONES } from './domain/model/calendar-trials.js';
export { DRAW_LENGTH, type Draw } from './domain/model/model-draws.js';
export { ModelRun } from './domain/model/model-run.js';
export { SETUP_DRAWS } from './domain/model/model-setup.js';
export { Disagreement } from './domain/model/model-words.js';
export type { ReferenceCommand, ReferenceOutcome } from './domain/model/reference-command.js';
export { ReferenceLedger } from './domain/model/reference-ledger.js';
export { together, type TrialRandom, type TrialReport } from './domain/model/trial.js';
export { rateTrial, windowTrial, type TrialShape } from './domain/model/window-trials.js';
export { CompiledPolicy } from './domain/policy/compiled-policy.js';
export { RuleFacts } from './domain/policy/rule-facts.js';
export type { Rule, SpendVelocityRule } from './domain/policy/rule.js';
export {
  velocityTrial,
  type VelocityReport,
  type VelocityShape,
} from './domain/policy/velocity-trial.js';
