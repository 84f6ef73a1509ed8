import type { GateResult } from '../domain/gates.js';
import type {
  LabelMoveKind,
  Model,
  ModelArtefact,
  ModelLabel,
  ModelReference,
} from '../domain/model.js';

/** Why and how a label moves; kept with the move. */
export interface MoveFacts {
  readonly by: string;
  readonly kind: LabelMoveKind;
  readonly reason: string;
  /** Failed gates were overruled. */
  readonly isForced: boolean;
  /** What the gates said; undefined where none were asked. */
  readonly gates: readonly GateResult[] | undefined;
}

/** A model to be stored. */
export interface NewModel {
  readonly artefact: ModelArtefact;
  /** Label to give to it; undefined: champion when there is none yet. */
  readonly label: ModelLabel | undefined;
  /** The label champion is given only while this version has it, or nobody where null. */
  readonly judgedBeside: string | null;
  readonly move: MoveFacts;
  /** Of a model that was brought. */
  readonly brought?: BroughtGraph;
}

/** A graph to be stored with its model, at once. */
export interface BroughtGraph {
  readonly file: string;
  /** SHA-256 of declaration and graph, lower-case hex: the same again is the same model. */
  readonly importSha256: string;
}

/** A move of a label. */
export interface Promotion {
  readonly version: string;
  readonly label: ModelLabel;
  /** Refused unless the label points here; null: unless it is free; undefined: not checked. */
  readonly expectedVersion: string | null | undefined;
  readonly move: MoveFacts;
}

/** A label's way back. */
export interface Rollback {
  readonly label: ModelLabel;
  readonly expectedVersion: string | undefined;
  readonly by: string;
  readonly reason: string;
}

/** What a move did. */
export interface Moved {
  readonly model: Model;
  /** Where the label was; undefined when it was free. */
  readonly previousVersion: string | undefined;
}

/** A move as it was recorded. */
export interface LabelMove extends MoveFacts {
  readonly id: number;
  readonly label: ModelLabel;
  readonly version: string;
  readonly previousVersion: string | undefined;
  readonly movedAtMs: number;
}

/** A model without its labels, which move. */
export type StoredModel = Omit<Model, 'labels'>;

/** Fitted models and the labels that point to them. */
export abstract class Models {
  /**
   * Stores a model under the next version of the tenant (v1, v2 …) and labels it, at once. One that was brought before
   * is answered as it is, with its own artefact.
   */
  abstract add(tenant: string, model: NewModel): Promise<Model>;
  /** The model that was brought as this; undefined when there is none. */
  abstract imported(tenant: string, importSha256: string): Promise<Model | undefined>;
  /** A model's artefact; undefined when there is none. Artefacts never change. */
  abstract artefact(tenant: string, version: string): Promise<StoredModel | undefined>;
  /** @throws model_not_found, model_missing */
  abstract get(tenant: string, reference: ModelReference): Promise<Model>;
  /** Newest first, those below `beforeNumber`; at most `limit`. */
  abstract list(
    tenant: string,
    page: { readonly limit: number; readonly beforeNumber: number | undefined },
  ): Promise<{ readonly models: readonly Model[]; readonly nextNumber: number | undefined }>;
  /** Moves a label atomically. @throws model_not_found, label_moved */
  abstract promote(tenant: string, promotion: Promotion): Promise<Moved>;
  /** Gives a label back to the version that had it before. @throws previous_version_missing, label_moved */
  abstract rollback(tenant: string, rollback: Rollback): Promise<Moved>;
  /** Newest first, those below `beforeId`; one more than `limit` where there are more. */
  abstract moves(
    tenant: string,
    page: { readonly limit: number; readonly beforeId: number | undefined },
  ): Promise<LabelMove[]>;
}
