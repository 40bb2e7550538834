/** Refactor, document, fix and test: changes that are previewed before they are applied. */

import * as vscode from 'vscode';
import { TextDocumentEdit, type WorkspaceEdit } from 'vscode-languageclient/node';

import { plain, rangeOf } from './editor';
import type { EditAnswer, Target } from './protocol';
import type { Server } from './server';

/** The title that is shown while the model works, by command. */
export const EDITS: { [command: string]: string } = {
  'leanwide.refactor': 'Refactoring',
  'leanwide.document': 'Documenting',
  'leanwide.test': 'Writing tests',
  'leanwide.fix': 'Fixing',
};

const SHOW_ANSWER = 'Show the Answer';

/** Asks the server for a change and shows it in the editor's refactor preview. */
export async function edit(server: Server, command: string, target: Target): Promise<void> {
  const instruction = command === 'leanwide.refactor' ? await instructionFor(target) : undefined;
  if (command === 'leanwide.refactor' && instruction === undefined) {
    return;
  }
  const argument = { ...target, instruction, diagnostics: diagnostics(target), apply: false };
  const answer = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: `leanwide: ${EDITS[command] ?? ''}…`,
      cancellable: true,
    },
    (_, token) => server.ask<EditAnswer>(command, argument, { token }),
  );
  if (answer.edit === null) {
    await refuse(answer.markdown ?? 'leanwide has nothing to change here.');
    return;
  }
  await preview(answer.edit, await server.edit(answer.edit));
}

/** Returns the target's own instruction, else the user's; undefined where the user cancels. */
async function instructionFor(target: Target): Promise<string | undefined> {
  if ('instruction' in target && typeof target.instruction === 'string') {
    return target.instruction;
  }
  return vscode.window.showInputBox({
    title: 'Refactor with leanwide',
    prompt: 'What should change?',
    placeHolder: 'Use a dataclass',
  });
}

function diagnostics(target: Target): object[] {
  const wanted = rangeOf(target);
  return vscode.languages
    .getDiagnostics(vscode.Uri.parse(target.uri))
    .filter(({ range }) => range.intersection(wanted) !== undefined)
    .map(({ range, message, severity }) => ({
      range: plain(range),
      message,
      severity: severity + 1,
    }));
}

/** Says why there is no change, and offers to show the model's answer. */
async function refuse(markdown: string): Promise<void> {
  const [sentence = '', ...rest] = markdown.split('\n\n');
  const chosen = await vscode.window.showInformationMessage(sentence, ...(rest.length > 0 ? [SHOW_ANSWER] : []));
  if (chosen === SHOW_ANSWER) {
    await vscode.commands.executeCommand('leanwide.lastRequest');
  }
}

async function preview(answer: WorkspaceEdit, change: vscode.WorkspaceEdit): Promise<void> {
  if (!isCurrent(answer)) {
    void vscode.window.showWarningMessage('The file changed meanwhile, so nothing was edited. Ask again.');
    return;
  }
  // Each change asks for a confirmation, so the preview shows all of them unticked.
  const hint = vscode.window.setStatusBarMessage('leanwide: tick the changes that you want, then press Apply');
  try {
    await vscode.workspace.applyEdit(change, { isRefactoring: true });
  } finally {
    hint.dispose();
  }
}

/** Whether the documents have the versions that the model read. */
function isCurrent({ documentChanges }: WorkspaceEdit): boolean {
  const versions = new Map(
    vscode.workspace.textDocuments.map((document) => [document.uri.toString(), document.version]),
  );
  return (documentChanges ?? [])
    .filter((change) => TextDocumentEdit.is(change))
    .every(({ textDocument: { uri, version } }) => {
      const now = versions.get(vscode.Uri.parse(uri).toString());
      return version === null || now === version;
    });
}
