import type { AnyServiceDefinition } from '@kiki/host';
import { synccreateDefinition } from '@kiki/service-synccreate';
import { syncengageDefinition } from '@kiki/service-syncengage';
import { syncflowDefinition } from '@kiki/service-syncflow';
import { syncshieldDefinition } from '@kiki/service-syncshield';
import { syncvalueDefinition } from '@kiki/service-syncvalue';

/** All five services of KIKI. */
export const allDefinitions: readonly AnyServiceDefinition[] = [
  syncvalueDefinition,
  syncshieldDefinition,
  syncflowDefinition,
  syncengageDefinition,
  synccreateDefinition,
];
