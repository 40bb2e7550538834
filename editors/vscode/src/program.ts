/** Finds the `leanwide` program, and knows the command that installs it. */

import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
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

/** Returns the shell command that installs the server. */
export async function installCommand(): Promise<string> {
  const python = await selectedPython();
  return python === undefined ? 'pipx install leanwide' : `"${python}" -m pip install leanwide`;
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
  const environments = (await extension?.activate())?.environments;
  const path = environments?.getActiveEnvironmentPath();
  const environment = path && (await environments?.resolveEnvironment(path));
  return environment?.executable.uri?.fsPath;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
