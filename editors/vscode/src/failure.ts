/** Errors as sentences for the user. */

/** Returns an error's message; the server's messages are written for the user. */
export function failure(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
