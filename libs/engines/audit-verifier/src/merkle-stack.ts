import { hash } from 'node:crypto';

const node = Buffer.alloc(65);
node[0] = 0x01;

/**
 * Merkle tree hash of RFC 6962, section 2.1, over leaves that come one by one: `stack[h]` is the
 * root of a complete subtree of 2^h leaves, or empty, as the bits of a binary counter.
 */
export class MerkleStack {
  private readonly stack: (Buffer | undefined)[] = [];
  private leaves = 0;

  get size(): number {
    return this.leaves;
  }

  /** Adds a leaf by its hash. */
  push(leaf: Buffer): void {
    let carry = leaf;
    let height = 0;
    for (let left = this.stack[0]; left !== undefined; left = this.stack[++height]) {
      carry = inner(left, carry);
      this.stack[height] = undefined;
    }
    this.stack[height] = carry;
    this.leaves++;
  }

  /** The root over all leaves so far, base64. */
  root(): string {
    let root: Buffer | undefined;
    for (const subtree of this.stack) {
      if (subtree === undefined) continue;
      root = root === undefined ? subtree : inner(subtree, root);
    }
    return (root ?? hash('sha256', '', 'buffer')).toString('base64');
  }
}

/** SHA-256(0x00 || record). */
export function hashOfRecord(record: string): Buffer {
  return hash('sha256', `\u0000${record}`, 'buffer');
}

/** SHA-256(0x01 || left || right). */
function inner(left: Buffer, right: Buffer): Buffer {
  left.copy(node, 1);
  right.copy(node, 33);
  return hash('sha256', node, 'buffer');
}
