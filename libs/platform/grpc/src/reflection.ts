import type { Server } from '@grpc/grpc-js';
import {
  loadFileDescriptorSetFromBuffer,
  loadSync,
  type PackageDefinition,
} from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import type { GrpcService } from './definition.js';
import { HEALTH_PROTO_PATH } from './health.js';

/** Adds grpc.reflection.v1 (and v1alpha) that knows our services and grpc.health.v1. */
export function addReflection(
  server: Pick<Server, 'addService'>,
  services: readonly GrpcService[],
): void {
  const merged: PackageDefinition = { ...loadSync(HEALTH_PROTO_PATH) };
  for (const service of services) {
    Object.assign(merged, loadFileDescriptorSetFromBuffer(Buffer.from(service.fileDescriptorSet)));
  }
  new ReflectionService(merged).addToServer(server);
}
