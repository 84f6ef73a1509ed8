/** Where the generated files lie, relative to the root of the repository. */
export const GENERATED_DIR: string;

/** Writes all generated files below `outRoot` and returns their folder. */
export function generateProto(root?: string, outRoot?: string): string;
