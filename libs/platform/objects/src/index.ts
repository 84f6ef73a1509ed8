export { errors as objectErrors } from './errors.js';
export * from './file-object-store.js';
export * from './local-copy.js';
export { MAX_OBJECT_BYTES } from './object-name.js';
export * from './object-store.js';
export * from './open-object-store.js';
export * from './s3-object-store.js';
