import type { Host } from './start.js';
import { VERSION } from './version.js';

/** What a person who starts KIKI wants to know: stores, addresses, and the first key, once. */
export function bannerLines(host: Host): string[] {
  const width = Math.max(...host.services.map(({ title }) => title.length));
  const addresses = host.services.map(({ title, httpUrl, grpcTarget }) => {
    const place = grpcTarget === undefined ? httpUrl : `grpc://${grpcTarget}  ${httpUrl}`;
    return `  ${title.padEnd(width)}  ${place}`;
  });
  const key =
    host.firstKey === undefined
      ? []
      : [`First key, shown only now (all scopes of tenant "default"): ${host.firstKey}`];
  return [`KIKI ${VERSION}, profile ${host.profile} (${host.stores})`, ...addresses, ...key];
}

/** A start that failed, for a person: what is wrong and what to do, without a stack where the code knows the cause. */
export function failureLines(
  error: unknown,
  fixOf: (code: string) => string | undefined,
): string[] {
  const { code, message, stack } = error as { code?: unknown; message?: string; stack?: string };
  const fix = typeof code === 'string' ? fixOf(code) : undefined;
  if (fix === undefined) return [`KIKI could not start: ${stack ?? message ?? String(error)}`];
  return [`KIKI could not start (${String(code)}).`, message ?? '', `What to do: ${fix}`];
}
