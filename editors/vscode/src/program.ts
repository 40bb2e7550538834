/** Finds the `leanwide` program, and knows the command that installs it. */

import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';

const NAME = process.platform === 'win32' ? 'leanwide.exe' : 'leanwide';

/** Returns the program's path: from the setting, the selected Python environment, or PATH. */
export async function findProgram(): Promise<string | undefined> {
  const chosen = vscode.workspace.getConfiguration('leanwide').get<string>('server.path', '');
  if (chosen !== '') {
    return chosen;
  }
  const python = await selectedPython();
  const folders = [
    ...(python === undefined ? [] : [dirname(python)]),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  // A relative folder on PATH could be in the workspace.
  for (const folder of folders.filter((path) => isAbsolute(path))) {
    const program = join(folder, NAME);
    if (await isExecutable(program)) {
      return program;
    }
  }
  return undefined;
}

/** Whether the package index has this version; until then the server comes from a checkout. */
export const RELEASED: boolean = false;

/** Where the authors of llama-cpp-python publish it compiled; without a wheel, pip compiles it. */
const WHEELS = 'https://abetlen.github.io/llama-cpp-python/whl';

/** A program and its arguments. */
export interface Command {
  program: string;
  args: string[];
}

/** Returns what installs the server from `source`, a requirement of pip or the folder of a checkout. */
export async function installCommand(source: string): Promise<Command> {
  const python = await selectedPython();
  const metal = process.platform === 'darwin' && process.arch === 'arm64';
  const options = ['--prefer-binary', '--extra-index-url', `${WHEELS}/${metal ? 'metal' : 'cpu'}`];
  const what = `${source}[models]`;
  return python === undefined
    ? { program: 'pipx', args: ['install', '--force', `--pip-args=${options.join(' ')}`, what] }
    : { program: python, args: ['-m', 'pip', 'install', ...options, what] };
}

/** Returns whether a folder is a checkout of leanwide. */
export async function isCheckout(folder: string): Promise<boolean> {
  try {
    const project = await readFile(join(folder, 'pyproject.toml'), 'utf8');
    return /^name = "leanwide"$/m.test(project);
  } catch {
    return false;
  }
}

/** The used part of the Python extension's interface. */
interface PythonExtension {
  environments?: {
    getActiveEnvironmentPath(): { path: string };
    resolveEnvironment(path: { path: string }): Promise<Environment | undefined>;
  };
}

interface Environment {
  executable: { uri: vscode.Uri | undefined };
}

async function selectedPython(): Promise<string | undefined> {
  // An untrusted folder may contain an environment, with any program in it.
  if (!vscode.workspace.isTrusted) {
    return undefined;
  }
  const extension = vscode.extensions.getExtension<PythonExtension>('ms-python.python');
  try {
    const environments = (await extension?.activate())?.environments;
    const path = environments?.getActiveEnvironmentPath();
    const environment = path && (await environments?.resolveEnvironment(path));
    return environment?.executable.uri?.fsPath;
  } catch {
    return undefined; // VS Code reports the error of that extension; the program may be on PATH
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
