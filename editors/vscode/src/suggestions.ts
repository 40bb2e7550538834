/** Requests a suggestion again when the server has more of it. */

import * as vscode from 'vscode';
import type { Middleware } from 'vscode-languageclient/node';

import type { SuggestionReady } from './protocol';

export class Suggestions {
  /** The document of the request that `show` is about to trigger. */
  private refreshing: string | undefined;

  /** Marks a request that `show` triggers as automatic; VS Code would mark it as made by hand. */
  readonly provide: NonNullable<Middleware['provideInlineCompletionItems']> = (document, position, context, token, next) => {
    const isRefresh = this.refreshing === document.uri.toString();
    this.refreshing = undefined;
    const triggerKind = isRefresh ? vscode.InlineCompletionTriggerKind.Automatic : context.triggerKind;
    return next(document, position, { ...context, triggerKind }, token);
  };

  /** Requests the whole suggestion, if the cursor is still at its place. */
  async show({ textDocument, position }: SuggestionReady): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const { uri, version } = textDocument;
    if (editor?.document.uri.toString() !== uri || editor.document.version !== version) {
      return;
    }
    const { line, character } = position;
    if (editor.selection.active.isEqual(new vscode.Position(line, character))) {
      this.refreshing = uri;
      await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
    }
  }
}
