export {
  attributesOf,
  AttributeTableBuilder,
  type AcquisitionAttributes,
  type AttributeLevel,
  type AttributeTable,
} from './attributes.js';
export {
  learnAcquisition,
  strongest as strongestEffects,
  type AcquisitionEffect,
  type AcquisitionModel,
} from './acquisition-model.js';
export {
  acquiredPurchaseModel,
  acquiredSpendModel,
  AcquisitionPriors,
  fadedMultiplier,
  type AcquisitionPrior,
} from './acquisition-prior.js';
export { AcquiredValues, type AcquiredValue, type AppliedPrior } from './acquired-values.js';
