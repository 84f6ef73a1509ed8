import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

/** A gRPC service as generated code describes it. */
export interface GrpcService {
  /** Full name, e.g. `kiki.syncvalue.v1.SyncValueService`; the name that health checks ask for. */
  readonly name: string;
  /** Paths and codecs of the methods, keyed by lowerCamelCase name. */
  readonly definition: ServiceDefinition;
  /** Serialized google.protobuf.FileDescriptorSet with imports, for reflection. */
  readonly fileDescriptorSet: Uint8Array;
}

/** One method of a service, for handlers, metrics and the route matrix. */
export interface GrpcMethodInfo {
  /** As in the .proto, e.g. `PredictBatch`. */
  readonly name: string;
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly definition: MethodDefinition<unknown, unknown>;
}

/** The methods of a service in the order of the definition. */
export function methodsOf(service: GrpcService): GrpcMethodInfo[] {
  return Object.values(service.definition).map((definition) => ({
    name: definition.path.slice(definition.path.lastIndexOf('/') + 1),
    path: definition.path,
    requestStream: definition.requestStream,
    responseStream: definition.responseStream,
    definition: definition as MethodDefinition<unknown, unknown>,
  }));
}
