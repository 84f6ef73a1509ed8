/** Longest time that an answer is waited for, seconds: shorter than the request's own time limit. */
export const MAX_WAIT_SECONDS = 25;

/** Seconds of `Prefer: wait=N` (RFC 7240, section 4.3), at most {@link MAX_WAIT_SECONDS}; 0 without one. */
export function waitSecondsOf(prefer: string | undefined): number {
  const text = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?(?=$|[,;\s])/i.exec(prefer ?? '')?.[1];
  return text === undefined ? 0 : Math.min(MAX_WAIT_SECONDS, Number(text));
}
