/** npm and nx pass a Ctrl-C on, so that the process gets it twice; what comes within this time is the same one. */
const REPEAT_MS = 2_000;

/** An interruption that a command can watch. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** Gives the process's signals back. */
  dispose(): void;
}

/**
 * Aborts on the first SIGINT or SIGTERM, so that the command can stop cleanly; a further one after two seconds ends
 * the process at once.
 */
export function watchInterrupts(target: NodeJS.Process = process): Interruption {
  const controller = new AbortController();
  let firstAtMs: number | undefined;
  const listen = (): void => {
    const now = performance.now();
    if (firstAtMs !== undefined && now - firstAtMs > REPEAT_MS) target.exit(130);
    firstAtMs ??= now;
    controller.abort();
  };
  target.on('SIGINT', listen);
  target.on('SIGTERM', listen);
  return {
    signal: controller.signal,
    dispose: () => {
      target.off('SIGINT', listen);
      target.off('SIGTERM', listen);
    },
  };
}
