export { isPublicAddress } from './address-policy.js';
export * from './guarded-agent.js';
