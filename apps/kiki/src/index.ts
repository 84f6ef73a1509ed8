export { errors as kikiErrors } from './errors.js';
