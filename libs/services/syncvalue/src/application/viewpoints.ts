import type { ValueOptions } from '@kiki/clv';
import type { Clock } from '@kiki/kernel';
import { dayInstant, dayOfInstant } from '../domain/ledger-terms.js';
import type { Labels, ModelArtefact, ModelReference } from '../domain/model.js';
import {
  NOTHING_ASKED,
  onnxOptions,
  valueOptions,
  type AskedOptions,
} from '../domain/prediction-options.js';
import { OnnxPredictor } from '../domain/onnx-predictor.js';
import type { Predictor } from '../domain/predictor.js';
import { errors } from '../errors.js';
import type { Ledger, TenantView } from './ledger.js';
import type { Models } from './models.js';
import { Predictors } from './predictors.js';
import { stampOf, type Stamp } from './stamp.js';

/** What predictions use when the caller does not say. */
export interface PredictionSettings {
  readonly defaults: ValueOptions;
  readonly modelMaxAgeDays: number;
}

/** A model with options and where it looks from: what one call predicts with. */
export interface Viewpoint {
  readonly predictor: Predictor | OnnxPredictor;
  readonly view: TenantView;
  readonly stamp: Stamp;
  readonly asOfDay: number;
  /** Quantiles that were asked for. */
  readonly levels: readonly number[];
  /** The instant at which that day begins. */
  readonly asOf: Date;
}

/** The models and the ends of observation that options ask for. */
export class Viewpoints {
  private readonly predictors = new Predictors();
  /** What calls without options of their own predict with: the same for all that share a view. */
  private readonly usual = new WeakMap<TenantView, Viewpoint>();

  constructor(
    private readonly ledger: Ledger,
    private readonly models: Models,
    private readonly clock: Clock,
    private readonly settings: PredictionSettings,
  ) {}

  /** @throws prediction_options_invalid, model_missing, model_not_found */
  async of(tenant: string, asked: AskedOptions): Promise<Viewpoint> {
    const options =
      asked === NOTHING_ASKED ? undefined : valueOptions(asked, this.settings.defaults);
    const view = await this.ledger.view(tenant);
    if (view === undefined) throw errors.model_missing();
    if (options !== undefined) return this.open(tenant, view, asked, options);
    let usual = this.usual.get(view);
    if (usual === undefined) {
      usual = await this.open(tenant, view, asked, valueOptions(asked, this.settings.defaults));
      this.usual.set(view, usual);
    }
    return usual;
  }

  private async open(
    tenant: string,
    view: TenantView,
    asked: AskedOptions,
    options: ValueOptions,
  ): Promise<Viewpoint> {
    const { terms, labels } = view;
    const model = await this.models.artefact(tenant, versionOf(asked.model, labels));
    if (model === undefined) throw errors.model_not_found();
    const asOfDay = asked.asOf === undefined ? terms.newestDay : dayOfInstant(asked.asOf, terms);
    return {
      view,
      predictor: this.predictorOf(model.artefact, asked, options, asOfDay),
      stamp: stampOf(model, view, this.clock.nowMs(), this.settings.modelMaxAgeDays),
      asOfDay,
      levels: asked.quantiles,
      asOf: dayInstant(asOfDay, terms),
    };
  }

  private predictorOf(
    artefact: ModelArtefact,
    { horizonDays }: AskedOptions,
    options: ValueOptions,
    asOfDay: number,
  ): Predictor | OnnxPredictor {
    if (artefact.onnx === undefined) return this.predictors.of(artefact, options, asOfDay);
    const { declaration } = artefact.onnx;
    return new OnnxPredictor(artefact, onnxOptions(declaration, horizonDays, options));
  }
}

function versionOf(reference: ModelReference | undefined, labels: Labels): string {
  if (reference !== undefined && 'version' in reference) return reference.version;
  const label = reference?.label ?? 'champion';
  const version = labels[label];
  if (version === undefined) throw errors.model_missing(`No model is labelled ${label}.`);
  return version;
}
