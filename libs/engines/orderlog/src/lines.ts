/** One line of a text without its line end. */
export interface Line {
  readonly number: number;
  readonly text: string;
}

/** Longest line that is kept; the rest of a longer one is dropped and the row becomes malformed. */
export const MAX_LINE_CHARACTERS = 65_536;

/** Cuts chunks of text or UTF-8 bytes into lines (LF or CRLF) and drops a byte order mark. */
export class LineSplitter {
  private readonly decoder = new TextDecoder('utf-8');
  private rest = '';
  private number = 0;
  private isFirst = true;

  /** The complete lines that end in this chunk. */
  push(chunk: string | Uint8Array): Line[] {
    return this.cut(
      typeof chunk === 'string' ? chunk : this.decoder.decode(chunk, { stream: true }),
    );
  }

  /** The last line, when the text did not end with a line end. */
  end(): Line[] {
    const lines = this.cut(this.decoder.decode());
    if (this.rest !== '') lines.push(this.line(this.rest));
    this.rest = '';
    return lines;
  }

  private cut(text: string): Line[] {
    let chunk = text;
    if (this.isFirst && chunk !== '') {
      this.isFirst = false;
      if (chunk.startsWith('\uFEFF')) chunk = chunk.slice(1);
    }
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

  private line(text: string): Line {
    this.number += 1;
    return { number: this.number, text: text.endsWith('\r') ? text.slice(0, -1) : text };
  }
}
