/** When the next edit is asked for: the user pauses after a change, and nothing else is going on. */

import * as vscode from 'vscode';

import { Requests } from './nextEditRequests';
import { SCHEMES, type Server } from './server';
import { isReady, ShownEdit } from './shownEdit';
import type { Suggestions } from './suggestions';

const PAUSE_MS = 300;
/** How long after the last change an edit may follow from it in a document that has no unsaved changes. */
const LATELY_MS = 120_000;

export class NextEdits implements vscode.Disposable {
  private readonly requests: Requests;
  private readonly shown: ShownEdit;
  private readonly registrations: vscode.Disposable;
  private timer: NodeJS.Timeout | undefined;
  private changedAt = 0;
  private isOff = false;

  constructor(
    private readonly server: Server,
    suggestions: Suggestions,
  ) {
    this.requests = new Requests(server);
    this.shown = new ShownEdit(server, (editor) => suggestions.hasGhost(editor), this.requests);
    const refresh = () => {
      this.shown.refresh();
      this.wait();
    };
    this.registrations = vscode.Disposable.from(
      this.shown,
      vscode.workspace.onDidChangeTextDocument((change) => {
        this.afterChange(change);
      }),
      vscode.window.onDidChangeTextEditorSelection(refresh),
      vscode.window.onDidChangeActiveTextEditor((editor) => {
        if (editor !== undefined && SCHEMES.includes(editor.document.uri.scheme)) {
          void server.tellFocus(editor.document);
        }
        refresh();
      }),
      vscode.window.onDidChangeWindowState(refresh),
      vscode.window.onDidChangeTextEditorVisibleRanges(() => {
        this.shown.refresh();
      }),
      suggestions.onGhost(() => {
        this.shown.refresh();
      }),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('leanwide')) {
          this.stop();
        }
      }),
      server.onEnd(() => {
        this.stop();
      }),
    );
  }

  /** Jumps to the edit that is shown, or accepts it. */
  async act(): Promise<void> {
    await this.shown.act();
    this.wait();
  }

  dismiss(): Promise<void> {
    return this.shown.dismiss();
  }

  /** Switches next edits off or on until VS Code ends; returns whether they are on now. */
  toggle(): boolean {
    this.isOff = !this.isOff;
    this.stop();
    return !this.isOff;
  }

  dispose(): void {
    this.stop();
    this.registrations.dispose();
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.requests.cancel();
    this.shown.forget();
  }

  private afterChange({ document, contentChanges, reason }: vscode.TextDocumentChangeEvent): void {
    if (contentChanges.length === 0 || !SCHEMES.includes(document.uri.scheme)) {
      return;
    }
    this.changedAt = Date.now();
    if (this.shown.isApplying) {
      return;
    }
    this.stop();
    if (reason === undefined) {
      this.wait();
    } else {
      // Undo takes an edit back: it must not come again at once.
      this.requests.skip(document);
    }
  }

  /** Asks when the user pauses, if there is something to ask. */
  private wait(): void {
    clearTimeout(this.timer);
    if (this.hasQuestion()) {
      this.timer = setTimeout(() => void this.ask(), PAUSE_MS);
    }
  }

  private async ask(): Promise<void> {
    if (this.hasQuestion()) {
      const edit = await this.requests.ask();
      if (edit !== undefined) {
        this.shown.show(edit);
      }
    }
  }

  /** Whether there is something to ask for the active editor as it is now. */
  private hasQuestion(): boolean {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined || this.isOff || !this.server.offersNextEdit || !this.shown.isEmpty || !isReady(editor)) {
      return false;
    }
    const { document } = editor;
    const hasChanged = document.isDirty || Date.now() - this.changedAt < LATELY_MS;
    const isEnabled = vscode.workspace.getConfiguration('leanwide', document).get<boolean>('nextEdit.enabled', true);
    return hasChanged && isEnabled && SCHEMES.includes(document.uri.scheme) && !this.requests.hasAnswered(document);
  }
}
