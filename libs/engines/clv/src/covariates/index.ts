export { fitWithCovariates, type CovariateFit } from './covariate-fit.js';
export type { Covariates } from './covariate-groups.js';
export { modelOfCustomer, type CovariateEffect, type CovariateModel } from './covariate-model.js';
