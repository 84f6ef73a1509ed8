import { errors } from './errors.js';

const NAME = /^[a-z][a-z0-9_]{0,62}$/;

/** Checks a schema's name, so that it can stand in SQL unquoted. @throws schema_name_invalid */
export function schemaName(name: string): string {
  if (!NAME.test(name) || name.startsWith('pg_')) {
    throw errors.schema_name_invalid(`"${name}" is not a name for a schema.`, {
      fields: [{ field: 'schema', expected: 'a lower-case letter, then letters, digits or _' }],
    });
  }
  return name;
}
