import type { CapInput } from '../caps.js';
import type { EntryRequest } from '../entry.js';
import type { HoldReason, HoldRequest, HoldState } from '../hold.js';
import type { SettlementOutcome, SettlementRequest } from '../settlement.js';

/** What the reference may be asked; one tenant. */
export type ReferenceCommand =
  | { readonly do: 'hold'; readonly request: HoldRequest }
  | { readonly do: 'settle'; readonly request: SettlementRequest }
  | { readonly do: 'enter'; readonly request: EntryRequest }
  | { readonly do: 'release' }
  | { readonly do: 'pause' | 'resume'; readonly budgetId: string }
  | { readonly do: 'caps'; readonly budgetId: string; readonly caps: readonly CapInput[] };

/** What the ledger has to answer. */
export type ReferenceOutcome =
  | {
      readonly is: 'hold';
      readonly reason: HoldReason;
      readonly grantedMicros: bigint;
      /** What stood in the way. */
      readonly budgetId?: string;
      readonly capId?: string;
    }
  | {
      readonly is: 'settlement';
      readonly outcome: SettlementOutcome;
      readonly capturedMicros: bigint;
      readonly lateMicros: bigint;
      readonly refundedMicros: bigint;
      readonly state: HoldState;
    }
  | { readonly is: 'entry'; readonly overMicros: bigint; readonly isPausing: boolean }
  | { readonly is: 'error'; readonly code: string }
  | { readonly is: 'done' };
