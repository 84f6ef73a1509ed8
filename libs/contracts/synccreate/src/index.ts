export {
  type Check,
  type Creative,
  type GenerateRequest,
  type Job,
  type JobBudget,
  type Platform,
  type ValidateRequest,
  type Validation,
} from './answers.js';
export type { paths } from './generated/openapi.js';
export * from './synccreate-client.js';
