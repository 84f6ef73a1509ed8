/** One line of a text without its line end. */
export interface Line {
  readonly number: number;
  readonly text: string;
}

/** Longest line that is kept; the rest of a longer one is dropped and the row becomes malformed. */
export const MAX_LINE_CHARACTERS = 65_536;

const NOTHING = new Uint8Array();
/** The first line end: a CR that is one by itself, else LF, with or without CR before it. */
const LINE_END = /\r(?![\r\n]|$)|\n/;

/**
 * Cuts chunks of text or bytes into lines and drops a byte order mark. Lines end with LF, CRLF or, where the first
 * does, CR alone; bytes are UTF-8, or UTF-16 where its mark comes first.
 */
export class LineSplitter {
  private decoder: InstanceType<typeof TextDecoder> | undefined;
  private undecoded: Uint8Array = NOTHING;
  private rest = '';
  private number = 0;
  private isFirst = true;
  private endsWithCr: boolean | undefined;

  /** The complete lines that end in this chunk. */
  push(chunk: string | Uint8Array): Line[] {
    return this.cut(typeof chunk === 'string' ? chunk : this.decode(chunk));
  }

  /** The last line, when the text did not end with a line end. */
  end(): Line[] {
    const decoder = this.decoder ?? new TextDecoder();
    const lines = this.cut(decoder.decode(this.undecoded));
    if (this.rest !== '') lines.push(this.line(this.rest));
    this.rest = '';
    return lines;
  }

  /** The first two bytes say how the rest is to be read. */
  private decode(chunk: Uint8Array): string {
    if (this.decoder !== undefined) return this.decoder.decode(chunk, { stream: true });
    const bytes = new Uint8Array([...this.undecoded, ...chunk.subarray(0, 2)]);
    if (bytes.length < 2) {
      this.undecoded = bytes;
      return '';
    }
    const mark = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0);
    const encoding = mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : 'utf-8';
    this.decoder = new TextDecoder(encoding);
    const first = this.decoder.decode(this.undecoded, { stream: true });
    this.undecoded = NOTHING;
    return first + this.decoder.decode(chunk, { stream: true });
  }

  private cut(text: string): Line[] {
    const chunk = this.withKnownEnds(this.withoutMark(text));
    const lines: Line[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf('\n', start);
      if (end === -1) break;
      lines.push(this.line(this.rest + chunk.slice(start, end)));
      this.rest = '';
      start = end + 1;
    }
    const tail = chunk.slice(start);
    // One character more than allowed is kept, so that the row is still seen to be too long.
    this.rest = (this.rest + tail).slice(0, MAX_LINE_CHARACTERS + 2);
    return lines;
  }

  private withoutMark(text: string): string {
    if (!this.isFirst || text === '') return text;
    this.isFirst = false;
    return text.startsWith('\uFEFF') ? text.slice(1) : text;
  }

  private withKnownEnds(text: string): string {
    let chunk = text;
    if (this.endsWithCr === undefined) {
      chunk = this.rest + text;
      this.rest = '';
      const found = LINE_END.exec(chunk)?.[0];
      if (found !== undefined) this.endsWithCr = found === '\r';
    }
    return this.endsWithCr === true ? chunk.replaceAll('\r', '\n') : chunk;
  }

  private line(text: string): Line {
    this.number += 1;
    return { number: this.number, text: text.endsWith('\r') ? text.slice(0, -1) : text };
  }
}
