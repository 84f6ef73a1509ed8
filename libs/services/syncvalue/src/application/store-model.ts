import { askGates, failedGates, type GateResult, type GateSettings } from '../domain/gates.js';
import { artefactBytes } from '../domain/artefact-text.js';
import {
  MAX_ARTEFACT_BYTES,
  type LabelMoveKind,
  type Model,
  type ModelArtefact,
  type ModelLabel,
} from '../domain/model.js';
import { errors } from '../errors.js';
import type { BroughtGraph, Models, StoredModel } from './models.js';
import type { PromoteModel } from './promote-model.js';

/** A model that was made, and the label that it is to have. */
export interface StoreRequest {
  readonly artefact: ModelArtefact;
  readonly label: ModelLabel | undefined;
  readonly by: string;
  readonly kind: LabelMoveKind;
  /** Beside whom it was scored; undefined: there was none. */
  readonly champion: StoredModel | undefined;
  /** Of a model that was brought. */
  readonly brought?: BroughtGraph;
}

/** A stored model and, where it was to become champion, what the gates said. */
export interface Stored {
  readonly model: Model;
  readonly gates: readonly GateResult[];
  /** False: somebody else brought the same before. */
  readonly isNew: boolean;
}

/**
 * Stores a model with its label. One that was to become champion and fails a gate is stored without the label; where
 * another champion came while it was made, the gates are asked once more beside that one.
 */
export class StoreModel {
  constructor(
    private readonly models: Models,
    private readonly promotions: PromoteModel,
    private readonly gates: GateSettings,
  ) {}

  /** @throws fit_failed for an artefact that is too large */
  async execute(tenant: string, request: StoreRequest): Promise<Stored> {
    const { artefact, label, by, kind, champion, brought } = request;
    const bytes = artefactBytes(artefact);
    if (bytes > MAX_ARTEFACT_BYTES) throw errors.fit_failed(`The artefact has ${bytes} bytes.`);
    const isWanted = label === 'champion';
    const gates = isWanted ? askGates({ version: '', artefact }, champion, this.gates) : [];
    const isRefused = champion !== undefined && failedGates(gates).length > 0;
    const model = await this.models.add(tenant, {
      artefact,
      label: isRefused ? undefined : label,
      judgedBeside: champion?.version ?? null,
      move: { by, kind, reason: '', isForced: false, gates: isWanted ? gates : undefined },
      ...(brought !== undefined && { brought }),
    });
    if (model.artefact !== artefact) return { model, gates: [], isNew: false };
    const isOvertaken = isWanted && !isRefused && !model.labels.includes('champion');
    if (!isOvertaken) return { model, gates, isNew: true };
    const offered = await this.promotions.offer(tenant, { version: model.version, by, kind });
    return { model: offered.model ?? model, gates: offered.gates, isNew: true };
  }
}
