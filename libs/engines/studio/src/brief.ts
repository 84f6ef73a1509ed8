/** What is advertised; the words come from the caller and nothing is invented about the product. */
export interface ProductBrief {
  readonly name: string;
  readonly features: readonly string[];
  readonly usp?: string;
  readonly category?: string;
}

/** Who advertises. */
export interface BrandBrief {
  readonly name: string;
  /** `#rrggbb`, the first is the primary colour. */
  readonly colors: readonly string[];
  readonly tone?: string;
}

/** One creative request, for any format and strategy. */
export interface CreativeBrief {
  readonly product: ProductBrief;
  readonly brand: BrandBrief;
  /** Overrides the headline that the studio would choose. */
  readonly headline?: string;
  /** Overrides the call to action. */
  readonly cta?: string;
  /** The statement of the data-led variant; its numbers must occur in the product's own texts. */
  readonly claim?: string;
  /** Seed of everything procedural, 0 to 2^32−1. */
  readonly seed: number;
}
