/** The server with scripted answers, as a program that VS Code starts. */

import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { PROGRAM } from './harness.mts';

/** Where the model stands still until the file `go` of the program's folder exists. */
export const HOLD = '<hold>';

/** Writes a program into a folder that starts the server with the answers, and returns its path. */
export function scriptedServer(folder: string, answers: readonly string[][]): string {
  const server = join(import.meta.dirname, '../../../tests/e2e/scripted_server.py');
  return program(folder, [server, JSON.stringify(answers), join(folder, 'go')]);
}

/** Writes a program into a folder that runs a Python file with arguments, and returns its path. */
export function program(folder: string, words: readonly string[]): string {
  const path = join(folder, 'leanwide');
  const quoted = [join(dirname(PROGRAM), 'python'), ...words].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  writeFileSync(path, `#!/bin/sh\nexec ${quoted.join(' ')}\n`, { mode: 0o755 });
  return path;
}
