/** How a customer came, value by name: e.g. channel, campaign, country, first product. */
export type AcquisitionAttributes = Readonly<Record<string, string>>;

/** One value of one attribute. */
export interface AttributeLevel {
  readonly name: string;
  readonly value: string;
}

/** The attributes of the customers of a table, in its order: structured-cloneable. */
export interface AttributeTable {
  readonly levels: readonly AttributeLevel[];
  /** Customer i has the levels `codes[offsets[i]]` … `codes[offsets[i + 1] − 1]`. */
  readonly offsets: Uint32Array;
  readonly codes: Uint32Array;
}

/** The attributes of one customer; undefined where there are none. */
export function attributesOf(
  { levels, offsets, codes }: AttributeTable,
  index: number,
): AcquisitionAttributes | undefined {
  const own = codes.subarray(offsets[index], offsets[index + 1]);
  if (own.length === 0) return undefined;
  return Object.fromEntries(
    Array.from(own, (code) => [levels[code]?.name ?? '', levels[code]?.value ?? '']),
  );
}

/** Grows a table customer by customer: 4 bytes each and 4 for each attribute, every level once. */
export class AttributeTableBuilder {
  private readonly known = new Map<string, number>();
  private readonly levels: AttributeLevel[] = [];
  private readonly offsets = new CodeColumn();
  private readonly codes = new CodeColumn();

  constructor() {
    this.offsets.push(0);
  }

  /** True while no customer had an attribute. */
  get isEmpty(): boolean {
    return this.codes.length === 0;
  }

  /** Adds the next customer of the table. */
  add(attributes: AcquisitionAttributes | undefined): void {
    for (const [name, value] of Object.entries(attributes ?? {})) {
      this.codes.push(this.codeOf(name, value));
    }
    this.offsets.push(this.codes.length);
  }

  build(): AttributeTable {
    const { levels, offsets, codes } = this;
    return { levels, offsets: offsets.values(), codes: codes.values() };
  }

  private codeOf(name: string, value: string): number {
    const key = `${name}\0${value}`;
    let code = this.known.get(key);
    if (code === undefined) {
      code = this.levels.push({ name, value }) - 1;
      this.known.set(key, code);
    }
    return code;
  }
}

/** A growing column of small whole numbers. */
class CodeColumn {
  private buffer = new Uint32Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.buffer.length) {
      const larger = new Uint32Array(this.length * 2);
      larger.set(this.buffer);
      this.buffer = larger;
    }
    this.buffer[this.length++] = value;
  }

  values(): Uint32Array<ArrayBuffer> {
    return this.buffer.slice(0, this.length);
  }
}
