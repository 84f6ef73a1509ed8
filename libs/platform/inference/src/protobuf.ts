/** Writes the wire format of Protocol Buffers: as much of it as an ONNX file needs. */
export class ProtobufWriter {
  private readonly parts: Uint8Array[] = [];

  /** An integer field (varint). */
  int(field: number, value: number | bigint): this {
    return this.tag(field, 0).push(varint(BigInt(value)));
  }

  /** A 32-bit float field. */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.tag(field, 5).push(bytes);
  }

  /** A text, bytes or a nested message. */
  bytes(field: number, value: string | Uint8Array | ProtobufWriter): this {
    const bytes =
      typeof value === 'string'
        ? new TextEncoder().encode(value)
        : value instanceof ProtobufWriter
          ? value.finish()
          : value;
    return this.tag(field, 2)
      .push(varint(BigInt(bytes.length)))
      .push(bytes);
  }

  finish(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.parts));
  }

  private tag(field: number, wireType: number): this {
    return this.push(varint(BigInt(field * 8 + wireType)));
  }

  private push(bytes: Uint8Array): this {
    this.parts.push(bytes);
    return this;
  }
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 128);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
}
