import type { FactoryProvider } from '@nestjs/common';

/* eslint-disable @typescript-eslint/no-explicit-any -- constructor types need any for inference */
type AbstractClass<T> = abstract new (...args: any[]) => T;
type Tokens<A extends readonly unknown[]> = {
  readonly [K in keyof A]: AbstractClass<A[K]> | string;
};

/**
 * Provides an undecorated class; the compiler checks order and number of its constructor's dependencies:
 * `provide(AuthorizeSpend, [Ledger, Clock])`. A string token (such as SERVICE_CONFIG) is not type-checked.
 */
export function provide<A extends readonly unknown[], T>(
  type: new (...args: A) => T,
  dependencies: Tokens<A>,
  as: AbstractClass<T> | string = type,
): FactoryProvider<T> {
  return {
    provide: as,
    inject: [...dependencies] as any[],
    useFactory: (...args: unknown[]) => new type(...(args as unknown as A)),
  };
}
/* eslint-enable @typescript-eslint/no-explicit-any */
