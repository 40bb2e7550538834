/** Offers to install the server; does nothing without the user's consent. */

import * as vscode from 'vscode';

import { type Command, installCommand, isCheckout, RELEASED } from './program';

const INSTALL = 'Install';
const CHECKOUT = 'Choose the Checkout…';
const CHOOSE = 'Choose the Program…';

/** Says how the server is installed, and does it in a terminal if the user agrees; returns whether it succeeded. */
export async function offerInstall(): Promise<boolean> {
  const how = RELEASED ? INSTALL : CHECKOUT;
  const chosen = await vscode.window.showInformationMessage(
    RELEASED
      ? "leanwide's server is not installed. Install it from the package index, in a terminal?"
      : "leanwide's server is not installed. There is no release yet: it is installed from a checkout of leanwide.",
    how,
    CHOOSE,
  );
  if (chosen === CHOOSE) {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'leanwide.server.path');
  }
  const source = chosen === how ? await chosenSource() : undefined;
  return source !== undefined && (await succeeds(await installCommand(source)));
}

/** Returns what to install: the package, or the folder that the user chooses; nothing where that is no checkout. */
async function chosenSource(): Promise<string | undefined> {
  if (RELEASED) {
    return 'leanwide';
  }
  const folders = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    openLabel: 'Install the Server from Here',
    title: 'The folder of leanwide, as git cloned it',
  });
  const folder = folders?.[0]?.fsPath;
  if (folder === undefined || (await isCheckout(folder))) {
    return folder;
  }
  void vscode.window.showErrorMessage(
    `${folder} is no checkout of leanwide: its pyproject.toml is missing, or has another name. Choose the folder with leanwide's README.md.`,
  );
  return undefined;
}

async function succeeds({ program, args }: Command): Promise<boolean> {
  const quoted = args.map((value) => ({ value, quoting: vscode.ShellQuoting.Strong }));
  const task = new vscode.Task(
    { type: 'leanwide' },
    vscode.TaskScope.Workspace,
    'Install the server',
    'leanwide',
    new vscode.ShellExecution({ value: program, quoting: vscode.ShellQuoting.Strong }, quoted),
  );
  const running = await vscode.tasks.executeTask(task);
  return new Promise((resolve) => {
    const listening = vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
      if (execution === running) {
        listening.dispose();
        resolve(exitCode === 0);
      }
    });
  });
}
