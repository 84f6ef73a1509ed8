/** An image that was fetched; its type is by content. */
export interface FetchedImage {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly sha256: string;
}

/** Where pictures that a request names come from. */
export abstract class ImageSource {
  /**
   * Loads `https://…`, or `kiki://objects/<sha256>` of the tenant.
   * @throws image_url_forbidden, image_fetch_failed, image_too_large, image_type_unsupported, image_not_found
   */
  abstract load(tenant: string, url: string): Promise<FetchedImage>;
}
