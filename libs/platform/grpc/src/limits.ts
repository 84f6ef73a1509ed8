import type { ChannelOptions } from '@grpc/grpc-js';

/** Limits of a gRPC server; every field has a default. */
export interface GrpcLimits {
  /** Largest message accepted, bytes. @default 16777216 */
  readonly maxReceiveBytes?: number;
  /** Largest message sent, bytes. @default 16777216 */
  readonly maxSendBytes?: number;
  /** Largest metadata of a call, bytes. @default 16384 */
  readonly maxMetadataBytes?: number;
  /** Calls at a time on one connection. @default 1000 */
  readonly maxConcurrentStreams?: number;
  /** A connection is asked to go away after this time, so that clients see new replicas. @default 600000 */
  readonly maxConnectionAgeMs?: number;
  /** Time that running calls of such a connection get. @default 600000 */
  readonly maxConnectionAgeGraceMs?: number;
  /** A connection without calls is closed after this time. @default 900000 */
  readonly maxConnectionIdleMs?: number;
  /** Time between pings on a connection. @default 60000 */
  readonly keepaliveMs?: number;
  /** Time that running calls get when the server drains. @default 10000 */
  readonly drainMs?: number;
}

/** The limits with their defaults. */
export const DEFAULT_LIMITS: Required<GrpcLimits> = {
  maxReceiveBytes: 16 * 1024 * 1024,
  maxSendBytes: 16 * 1024 * 1024,
  maxMetadataBytes: 16 * 1024,
  maxConcurrentStreams: 1000,
  maxConnectionAgeMs: 600_000,
  maxConnectionAgeGraceMs: 600_000,
  maxConnectionIdleMs: 900_000,
  keepaliveMs: 60_000,
  drainMs: 10_000,
};

/** The limits as options of a grpc-js server. */
export function serverOptions(limits: Required<GrpcLimits>): ChannelOptions {
  return {
    'grpc.max_receive_message_length': limits.maxReceiveBytes,
    'grpc.max_send_message_length': limits.maxSendBytes,
    'grpc.max_metadata_size': limits.maxMetadataBytes,
    'grpc.max_concurrent_streams': limits.maxConcurrentStreams,
    'grpc.max_connection_age_ms': limits.maxConnectionAgeMs,
    'grpc.max_connection_age_grace_ms': limits.maxConnectionAgeGraceMs,
    'grpc.max_connection_idle_ms': limits.maxConnectionIdleMs,
    'grpc.keepalive_time_ms': limits.keepaliveMs,
    'grpc.keepalive_timeout_ms': 20_000,
    'grpc.keepalive_permit_without_calls': 1,
    // Counters per call of a service that is not served here.
    'grpc.enable_channelz': 0,
  };
}
