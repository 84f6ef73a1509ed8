/** Something to know about a fit that is no error. */
export interface FitWarning {
  readonly code:
    | 'dropout_not_identified'
    | 'parameter_at_boundary'
    | 'parameters_on_ridge'
    | 'standard_errors_missing'
    | 'not_converged'
    | 'zero_spend_left_out'
    | 'spend_not_enough_data'
    | 'spend_shape_at_most_one'
    | 'spend_mean_not_identified';
  /** One sentence for people. */
  readonly message: string;
}
