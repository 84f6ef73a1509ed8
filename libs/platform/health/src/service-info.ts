/** What `/health` and `/ready` say about the process. */
export abstract class ServiceInfo {
  abstract readonly service: string;
  abstract readonly version: string;
  /** Which stores are in use. */
  abstract readonly profile: string;
}
