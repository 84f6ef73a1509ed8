import { fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type DescriptorProto,
} from '@bufbuild/protobuf/wkt';
import type { Server } from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import type { GrpcService } from './definition.js';
import { HEALTH_PROTO_PATH } from './health.js';

/**
 * Adds grpc.reflection.v1 (and v1alpha) that knows our services and grpc.health.v1. Our files are answered as the
 * compiler wrote them: made anew by proto-loader they would lose their imports, which strict clients need.
 */
export function addReflection(
  server: Pick<Server, 'addService'>,
  services: readonly GrpcService[],
): void {
  const files = [
    ...healthFiles(),
    ...services.flatMap(({ fileDescriptorSet }) =>
      fromBinary(FileDescriptorSetSchema, fileDescriptorSet).file.map((file) =>
        toBinary(FileDescriptorProtoSchema, file),
      ),
    ),
  ];
  // All that the reflection service reads of a definition.
  const definition = { all: { fileDescriptorProtos: files.map((file) => Buffer.from(file)) } };
  new ReflectionService(definition as unknown as PackageDefinition).addToServer(server);
}

/** proto-loader calls the entry type of a map `Statuses` instead of `StatusesEntry`; strict clients refuse that. */
function healthFiles(): Uint8Array[] {
  const loaded = Object.values(loadSync(HEALTH_PROTO_PATH));
  const files = new Map<string, Uint8Array>();
  for (const { fileDescriptorProtos } of loaded) {
    for (const bytes of (fileDescriptorProtos ?? []) as Uint8Array[]) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      file.messageType.forEach(renameMapEntries);
      files.set(file.name, toBinary(FileDescriptorProtoSchema, file));
    }
  }
  return [...files.values()];
}

function renameMapEntries(message: DescriptorProto): void {
  for (const entry of message.nestedType) {
    renameMapEntries(entry);
    if (entry.options?.mapEntry !== true || entry.name.endsWith('Entry')) continue;
    const named = `${entry.name}Entry`;
    for (const field of message.field) if (field.typeName === entry.name) field.typeName = named;
    entry.name = named;
  }
}
