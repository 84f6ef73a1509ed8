import type { FactoryProvider } from '@nestjs/common';

/** A provider that needs more than constructor arguments, e.g. settings. */
export function factory(
  token: FactoryProvider['provide'],
  inject: NonNullable<FactoryProvider['inject']>,
  useFactory: FactoryProvider['useFactory'],
): FactoryProvider {
  return { provide: token, inject, useFactory };
}
