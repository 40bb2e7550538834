/** What went wrong, in a sentence for the user. */

/** Gives the sentence of an error; the server's own are written for the user. */
export function failure(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
