/** Asks the server for the next edit; a newer question, a changed document and a limit end the older one. */

import * as vscode from 'vscode';

import type { NextEdit, NextEditParams } from './protocol';
import type { Server } from './server';

/** The `triggerKind` of requests that nobody made by hand. */
const AUTOMATIC = 2;

export class Requests {
  private asking = new vscode.CancellationTokenSource();
  private answered = '';

  constructor(private readonly server: Server) {}

  /**
   * Returns the next edit for the active editor; undefined where nothing follows, or the answer came too late.
   *
   * @param mostMs how long it waits; by default as long as the question stands.
   */
  async ask(mostMs?: number): Promise<NextEdit | undefined> {
    this.cancel();
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) {
      return undefined;
    }
    const asking = (this.asking = new vscode.CancellationTokenSource());
    const end = () => {
      asking.cancel();
    };
    const limit = mostMs === undefined ? undefined : setTimeout(end, mostMs);
    const { uri, version } = editor.document;
    const textDocument = { uri: uri.toString(), version };
    const { line, character } = editor.selection.active;
    const params = { textDocument, position: { line, character }, context: { triggerKind: AUTOMATIC } };
    const edit = await this.server.nextEdit(params, asking.token);
    clearTimeout(limit);
    if (asking.token.isCancellationRequested) {
      return undefined;
    }
    this.answered = keyOf(textDocument);
    return edit === undefined || isStale(edit) ? undefined : edit;
  }

  /** Whether the last answer was for a document as it is now: another question would bring the same. */
  hasAnswered({ uri, version }: vscode.TextDocument): boolean {
    return this.answered === keyOf({ uri: uri.toString(), version });
  }

  /** Has nothing asked for a document until it changes. */
  skip({ uri, version }: vscode.TextDocument): void {
    this.answered = keyOf({ uri: uri.toString(), version });
  }

  /** Ends the question that is asked. */
  cancel(): void {
    this.asking.cancel();
  }
}

/** Whether an edit's document was changed since the server read it. */
export function isStale({ textDocument: { uri, version } }: NextEdit): boolean {
  const document = vscode.workspace.textDocuments.find((one) => one.uri.toString() === vscode.Uri.parse(uri).toString());
  return document !== undefined && version !== null && document.version !== version;
}

function keyOf({ uri, version }: NextEditParams['textDocument']): string {
  return `${uri} ${version}`;
}
