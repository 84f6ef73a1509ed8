import type { Model, ModelArtefact, ModelLabel, ModelReference } from '../domain/model.js';

/** A model to be stored. */
export interface NewModel {
  readonly artefact: ModelArtefact;
  /** Label to give to it; undefined: champion when there is none yet. */
  readonly label: ModelLabel | undefined;
  readonly by: string;
}

/** A move of a label. */
export interface Promotion {
  readonly version: string;
  readonly label: ModelLabel;
  /** Refused unless the label points here; undefined: not checked. */
  readonly expectedVersion: string | undefined;
  readonly by: string;
}

/** Fitted models and the labels that point to them. */
export abstract class Models {
  /** Stores a model under the next version of the tenant (v1, v2 …) and labels it, at once. */
  abstract add(tenant: string, model: NewModel): Promise<Model>;
  /** A model's artefact; undefined when there is none. Artefacts never change. */
  abstract artefact(
    tenant: string,
    version: string,
  ): Promise<Pick<Model, 'version' | 'createdAtMs' | 'artefact'> | undefined>;
  /** @throws model_not_found, model_missing */
  abstract get(tenant: string, reference: ModelReference): Promise<Model>;
  /** Newest first, those below `beforeNumber`; at most `limit`. */
  abstract list(
    tenant: string,
    page: { readonly limit: number; readonly beforeNumber: number | undefined },
  ): Promise<{ readonly models: readonly Model[]; readonly nextNumber: number | undefined }>;
  /** Moves a label atomically. @throws model_not_found, label_moved */
  abstract promote(
    tenant: string,
    promotion: Promotion,
  ): Promise<{ readonly model: Model; readonly previousVersion: string | undefined }>;
}
