export {
  createSigningKey,
  readSigningKeys,
  rotateSigningKey,
  signingKeyPath,
} from './adapters/files/signing-key-file.js';
export { recount } from './adapters/postgres/recount.js';
export type {
  RecountedBudget,
  RecountProblem,
  RecountReport,
} from './adapters/postgres/recount.js';
export { errors as syncshieldErrors } from './errors.js';
export { syncshieldConfig, type SyncshieldConfig } from './syncshield.config.js';
export { syncshieldDefinition } from './syncshield.definition.js';
