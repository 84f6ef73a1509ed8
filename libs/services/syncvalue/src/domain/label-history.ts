/** A move as far as the way back is concerned. */
export interface Step {
  readonly kind: string;
  readonly version: string;
}

/**
 * Where a label was before it came to where it is: rollbacks take a version off, everything else puts one
 * on, so that a second rollback goes one further back. Undefined when there is nothing before.
 * @param moves oldest first, of one label
 */
export function versionBefore(moves: readonly Step[]): string | undefined {
  const stack: string[] = [];
  for (const { kind, version } of moves) {
    if (kind === 'rollback') stack.pop();
    else if (stack.at(-1) !== version) stack.push(version);
  }
  return stack.at(-2);
}
