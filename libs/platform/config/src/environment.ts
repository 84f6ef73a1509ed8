/** Names and texts of environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The process's environment: the one place of KIKI that reads it. */
export function readEnvironment(): Environment {
  return { ...process.env };
}
