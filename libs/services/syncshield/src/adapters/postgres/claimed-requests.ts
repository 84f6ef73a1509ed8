import type { ClaimedRequest } from '../../application/privacy/privacy-requests.js';
import type { PrivacyRequest, RequestDetails } from '../../domain/privacy/privacy-request.js';

/**
 * Requests with their details. One that cannot be opened does not stop the others: it stays open, and becomes overdue.
 * @throws what the first one threw, where none can be opened
 */
export async function openedOf(
  requests: readonly PrivacyRequest[],
  details: readonly Promise<RequestDetails>[],
): Promise<ClaimedRequest[]> {
  const opened = await Promise.allSettled(details);
  const claimed = requests.flatMap((request, i) => {
    const of = opened[i];
    return of?.status === 'fulfilled' ? [{ request, details: of.value }] : [];
  });
  const failed = opened.find((of) => of.status === 'rejected');
  if (failed !== undefined && claimed.length === 0) throw failed.reason;
  return claimed;
}
