export { errors as syncvalueErrors } from './errors.js';
export { syncvalueConfig, type SyncvalueConfig } from './syncvalue.config.js';
export { syncvalueDefinition } from './syncvalue.definition.js';
