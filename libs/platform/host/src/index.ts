export { bannerLines, failureLines } from './banner.js';
export { errors as hostErrors } from './errors.js';
export * from './provide.js';
export { run, untilSignal } from './run.js';
export type { RunningService } from './running-service.js';
export * from './service-definition.js';
export { configSchemas, endpointConfig, hostConfig } from './settings.js';
export * from './start.js';
export { VERSION } from './version.js';
