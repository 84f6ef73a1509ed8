/** Something to know about a fit that is no error. */
export interface FitWarning {
  readonly code:
    | 'dropout_not_identified'
    | 'parameter_at_boundary'
    | 'standard_errors_missing'
    | 'not_converged'
    | 'zero_spend_left_out'
    | 'spend_not_enough_data'
    | 'spend_shape_at_most_one';
  /** One sentence for people. */
  readonly message: string;
}
