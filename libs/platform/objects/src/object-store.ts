/** A stored object: its content hash is its name. */
export interface StoredObject {
  /** Lower-case hex SHA-256 of the bytes. */
  readonly sha256: string;
  readonly bytes: number;
  /** e.g. `image/png`. */
  readonly contentType: string;
}

/** Content-addressed, immutable objects, per tenant; storing the same bytes twice stores them once. */
export abstract class ObjectStore {
  /** Stores bytes durably (synced before it resolves). @throws object_too_large */
  abstract put(tenant: string, bytes: Uint8Array, contentType: string): Promise<StoredObject>;
  /** The bytes, verified against the hash. @throws object_not_found, object_corrupt */
  abstract get(
    tenant: string,
    sha256: string,
  ): Promise<{ object: StoredObject; bytes: Uint8Array }>;
  /** What is known about an object, or undefined. */
  abstract head(tenant: string, sha256: string): Promise<StoredObject | undefined>;
  /** Takes part in readiness. @throws unavailable */
  abstract ping(): Promise<void>;
}
