/** Requests a suggestion again when the server has more of it, and knows where ghost text shows. */

import * as vscode from 'vscode';
import type { Middleware } from 'vscode-languageclient/node';

import type { SuggestionReady } from './protocol';

/** Where the server's last suggestion shows as ghost text. */
interface Ghost {
  uri: string;
  version: number;
  position: vscode.Position;
}

export class Suggestions {
  /** The document of the request that `show` is about to trigger. */
  private refreshing: string | undefined;
  private ghost: Ghost | undefined;
  private readonly ghostChanged = new vscode.EventEmitter<void>();

  /** Fires when ghost text comes or goes. */
  readonly onGhost = this.ghostChanged.event;

  /** Marks a request that `show` triggers as automatic; VS Code would mark it as made by hand. */
  readonly provide: NonNullable<Middleware['provideInlineCompletionItems']> = async (
    document,
    position,
    context,
    token,
    next,
  ) => {
    const uri = document.uri.toString();
    const isRefresh = this.refreshing === uri;
    this.refreshing = undefined;
    const triggerKind = isRefresh ? vscode.InlineCompletionTriggerKind.Automatic : context.triggerKind;
    const { version } = document;
    const answer = await next(document, position, { ...context, triggerKind }, token);
    if (!token.isCancellationRequested) {
      const items = Array.isArray(answer) ? answer : (answer?.items ?? []);
      this.setGhost(items.length > 0 ? { uri, version, position } : undefined);
    }
    return answer;
  };

  /** Whether ghost text of the server shows at the cursor, as far as an extension can know. */
  hasGhost({ document, selection }: vscode.TextEditor): boolean {
    const { ghost } = this;
    return (
      ghost?.uri === document.uri.toString() &&
      ghost.version === document.version &&
      ghost.position.isEqual(selection.active)
    );
  }

  /** Removes the ghost text. */
  async hideGhost(): Promise<void> {
    await vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
    this.setGhost(undefined);
  }

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

  private setGhost(ghost: Ghost | undefined): void {
    this.ghost = ghost;
    this.ghostChanged.fire();
  }
}
