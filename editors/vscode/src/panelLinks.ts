/** Links to files in the panel. The editor's Markdown renderer drops `file:` links, so they have a scheme of their own. */

import * as vscode from 'vscode';

const FILE = '](file:///';
const SHOWN = '](leanwide:///';

/** Returns Markdown whose links to files pass the renderer. */
export function passable(markdown: string): string {
  return markdown.replaceAll(FILE, SHOWN);
}

/** Opens the file of a link at its line, in `column`; only files of the workspace. */
export async function openLink(link: string, column: vscode.ViewColumn | undefined): Promise<void> {
  const { path, fragment } = vscode.Uri.parse(link, true);
  const uri = vscode.Uri.joinPath(vscode.Uri.file('/'), path);
  if (vscode.workspace.getWorkspaceFolder(uri) === undefined) {
    void vscode.window.showInformationMessage(`${path} is not in a folder that is open: it stays closed.`);
    return;
  }
  const line = Math.max(0, Number(/^L(\d+)/.exec(fragment)?.[1] ?? '1') - 1);
  await vscode.window.showTextDocument(uri, { viewColumn: column, selection: new vscode.Range(line, 0, line, 0) });
}
