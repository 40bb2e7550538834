/** Offers to install the server; does nothing without the user's consent. */

import * as vscode from 'vscode';

import { installCommand } from './program';

const INSTALL = 'Install';
const CHOOSE = 'Choose the Program…';

/** Shows the install command and runs it in a terminal if the user agrees; returns whether it succeeded. */
export async function offerInstall(): Promise<boolean> {
  const command = await installCommand();
  const chosen = await vscode.window.showInformationMessage(
    `leanwide's server is not installed. Install it with: ${command}`,
    INSTALL,
    CHOOSE,
  );
  if (chosen === CHOOSE) {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'leanwide.server.path');
  }
  return chosen === INSTALL && (await succeeds(command));
}

async function succeeds(command: string): Promise<boolean> {
  const task = new vscode.Task(
    { type: 'leanwide' },
    vscode.TaskScope.Workspace,
    'Install the server',
    'leanwide',
    new vscode.ShellExecution(command),
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
