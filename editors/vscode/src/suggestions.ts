/** Asks for a suggestion again when the server has more of it. */

import * as vscode from 'vscode';
import type { Middleware } from 'vscode-languageclient/node';

import type { SuggestionReady } from './protocol';

export class Suggestions {
  private again: string | undefined;

  /** Lets a request that nobody made by hand say so. */
  readonly provide: NonNullable<Middleware['provideInlineCompletionItems']> = (document, position, context, token, next) => {
    const again = this.again === document.uri.toString();
    this.again = undefined;
    const triggerKind = again ? vscode.InlineCompletionTriggerKind.Automatic : context.triggerKind;
    return next(document, position, { ...context, triggerKind }, token);
  };

  /** Shows what is there by now, unless the cursor is elsewhere. */
  async show({ textDocument, position }: SuggestionReady): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const { uri, version } = textDocument;
    if (editor?.document.uri.toString() !== uri || editor.document.version !== version) {
      return;
    }
    const { line, character } = position;
    if (editor.selection.active.isEqual(new vscode.Position(line, character))) {
      this.again = uri;
      await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
    }
  }
}
