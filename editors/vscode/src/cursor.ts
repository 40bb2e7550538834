/** Tells the server where the cursor rests, so that it can prefill before the first key. */

import * as vscode from 'vscode';

import type { Server } from './server';

const REST_MS = 300;

export function followCursor(server: Server): vscode.Disposable {
  let timer: NodeJS.Timeout | undefined;
  const restart = (editor: vscode.TextEditor | undefined) => {
    clearTimeout(timer);
    if (editor !== undefined) {
      timer = setTimeout(() => void server.tellCursor(editor.document, editor.selection.active), REST_MS);
    }
  };
  return vscode.Disposable.from(
    vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
      restart(textEditor);
    }),
    vscode.window.onDidChangeActiveTextEditor(restart),
    new vscode.Disposable(() => {
      clearTimeout(timer);
    }),
  );
}
