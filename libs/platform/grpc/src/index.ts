export * from './call-context.js';
export * from './client.js';
export * from './connect-grpc.js';
export * from './definition.js';
export * from './error-mapping.js';
export { GrpcTransport, type GrpcTransportOptions } from './grpc-transport.js';
export { GrpcHealth, HEALTH_SERVICE, type Serving } from './health.js';
export { DEFAULT_LIMITS, type GrpcLimits } from './limits.js';
export { GRPC_STATUS, KIND_OF_STATUS } from './status-table.js';
