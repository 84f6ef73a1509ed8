/** What a process that a test starts gets of the environment: PATH, and where Node keeps the code it has compiled. */
export function childEnvironment(): Record<string, string> {
  const { PATH = '/usr/bin:/bin', NODE_COMPILE_CACHE } = process.env;
  return { PATH, ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }) };
}
