export {
  composeContactSheet,
  type SheetImage,
  type SheetOptions,
} from './adapters/render/contact-sheet.js';
export { errors as synccreateErrors } from './errors.js';
export { synccreateConfig, type SynccreateConfig } from './synccreate.config.js';
export { synccreateDefinition } from './synccreate.definition.js';
