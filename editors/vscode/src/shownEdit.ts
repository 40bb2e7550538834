/** The next edit that is proposed: shown, jumped to, accepted, dismissed. */

import { basename } from 'node:path';
import * as vscode from 'vscode';

import { rangeOf } from './editor';
import { type Change, changeOf, endOf, placeOf } from './nextEditChange';
import { isStale, type Requests } from './nextEditRequests';
import { type Hint, NextEditView } from './nextEditView';
import type { NextEdit } from './protocol';
import type { Server } from './server';

/** Most milliseconds that a Tab waits for the edit after an accepted one. */
const CHAIN_MS = 500;

/** The context keys of the key bindings. */
const VISIBLE = 'leanwide.nextEditVisible';
const WAITING = 'leanwide.nextEditWaiting';

export class ShownEdit implements vscode.Disposable {
  private edit: NextEdit | undefined;
  private readonly told = new WeakSet<NextEdit>();
  private readonly view = new NextEditView();
  private readonly contexts = new Map<string, boolean>();
  /** Whether the last key accepted an edit: the one after it is accepted where it is in sight. */
  private isChain = false;
  /** Whether an edit was accepted and the one after it is asked for. */
  private isContinuing = false;
  private isWriting = false;
  private acting: Promise<void> = Promise.resolve();

  constructor(
    private readonly server: Server,
    private readonly hasGhost: (editor: vscode.TextEditor) => boolean,
    private readonly requests: Requests,
  ) {}

  /** Whether no edit is proposed, and none is being accepted. */
  get isEmpty(): boolean {
    return this.edit === undefined && !this.isContinuing;
  }

  /** Whether the text of an accepted edit is being written. */
  get isApplying(): boolean {
    return this.isWriting;
  }

  /** Shows an edit, or what holds instead of it: ghost text, a selection, another window. */
  show(edit: NextEdit | undefined): void {
    this.edit = edit;
    this.refresh();
  }

  /** Removes the edit. */
  forget(): void {
    this.isChain = false;
    this.show(undefined);
  }

  /** Draws the edit where it may show now. */
  refresh(): void {
    const { edit } = this;
    const editor = vscode.window.activeTextEditor;
    const isFree = editor !== undefined && edit !== undefined && isReady(editor);
    const isWaiting = isFree && this.hasGhost(editor);
    const isVisible = isFree && !isWaiting && this.draw(editor, edit);
    if (!isVisible) {
      this.view.clear();
    }
    this.setContext(VISIBLE, isVisible || this.isContinuing);
    this.setContext(WAITING, isWaiting);
  }

  /** Jumps to the edit, or accepts it where the cursor is at it. Calls run one after the other. */
  act(): Promise<void> {
    const act = async () => {
      const editor = vscode.window.activeTextEditor;
      if (editor === undefined || this.edit === undefined) {
        // The key came while the edit after an accepted one was asked for, and there is none.
        await vscode.commands.executeCommand('tab');
      } else if (this.isAccepted(editor, this.edit)) {
        await this.accept(editor, this.edit);
      } else {
        await this.jump(this.edit);
      }
    };
    // After an error, too, the next key acts.
    this.acting = this.acting.then(act, act);
    return this.acting;
  }

  /** Removes the edit, and tells the server that it was not wanted. */
  async dismiss(): Promise<void> {
    const { edit } = this;
    this.forget();
    if (edit !== undefined) {
      await this.server.tellDecision('leanwide.nextEditRejected', edit.command.arguments);
    }
  }

  dispose(): void {
    this.view.dispose();
  }

  private draw(editor: vscode.TextEditor, edit: NextEdit): boolean {
    const change = isAbout(edit, editor.document) ? changeIn(editor.document, edit) : undefined;
    if (change === undefined && isAbout(edit, editor.document)) {
      return false;
    }
    this.view.draw(editor, this.hint(editor, edit, change), change, edit.reason);
    if (!this.told.has(edit)) {
      this.told.add(edit);
      void this.server.tellShown(edit);
    }
    return true;
  }

  /** Returns the hint at the edit, or at the cursor where the edit is out of sight. */
  private hint(editor: vscode.TextEditor, edit: NextEdit, change: Change | undefined): Hint {
    const line = edit.range.start.line;
    if (change !== undefined && isInSight(editor, change)) {
      return { line: placeOf(change, editor.document.lineCount).first, text: this.isAccepted(editor, edit) ? '⇥ accept' : '⇥ go here' };
    }
    const name = change === undefined ? ` of ${basename(vscode.Uri.parse(edit.textDocument.uri).path)}` : '';
    return { line: editor.selection.active.line, text: `⇥ next edit in line ${line + 1}${name}` };
  }

  /** Whether Tab accepts an edit, and does not jump to it. */
  private isAccepted(editor: vscode.TextEditor, edit: NextEdit): boolean {
    const change = isAbout(edit, editor.document) ? changeIn(editor.document, edit) : undefined;
    return change !== undefined && (isAt(editor, change) || (this.isChain && isInSight(editor, change)));
  }

  private async jump(edit: NextEdit): Promise<void> {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(edit.textDocument.uri));
    const change = isStale(edit) ? undefined : changeIn(document, edit);
    if (change === undefined) {
      this.forget();
      return;
    }
    const { first } = placeOf(change, document.lineCount);
    const start = new vscode.Position(first, change.words?.[0]?.start ?? 0);
    const editor = await vscode.window.showTextDocument(document);
    editor.selection = new vscode.Selection(start, start);
    editor.revealRange(editor.selection, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    this.refresh();
  }

  /** Replaces the text as one step of undo, and asks for the next edit at once. */
  private async accept(editor: vscode.TextEditor, edit: NextEdit): Promise<void> {
    const change = changeIn(editor.document, edit);
    this.isContinuing = true;
    this.show(undefined);
    try {
      if (change === undefined || !(await this.write(editor, edit))) {
        return;
      }
      const { line, character } = endOf(change);
      editor.selection = new vscode.Selection(line, character, line, character);
      await this.server.tellDecision(edit.command.command, edit.command.arguments);
      const next = await this.requests.ask(CHAIN_MS);
      this.isChain = true;
      this.show(next);
    } finally {
      this.isContinuing = false;
      this.refresh();
    }
  }

  private async write(editor: vscode.TextEditor, edit: NextEdit): Promise<boolean> {
    this.isWriting = true;
    try {
      return await editor.edit((builder) => {
        builder.replace(rangeOf(edit), edit.text);
      });
    } finally {
      this.isWriting = false;
    }
  }

  private setContext(key: string, value: boolean): void {
    if (this.contexts.get(key) !== value) {
      this.contexts.set(key, value);
      void vscode.commands.executeCommand('setContext', key, value);
    }
  }
}

/** Whether an editor is in a state in which an edit may be asked for and shown. */
export function isReady({ selections }: vscode.TextEditor): boolean {
  return vscode.window.state.focused && selections.length === 1 && selections[0]?.isEmpty === true;
}

function isAbout({ textDocument: { uri } }: NextEdit, document: vscode.TextDocument): boolean {
  return vscode.Uri.parse(uri).toString() === document.uri.toString();
}

function changeIn(document: vscode.TextDocument, { range, text }: NextEdit): Change | undefined {
  const first = range.start.line;
  const count = Math.max(0, Math.min(range.end.line + 1, document.lineCount) - first);
  const lines = Array.from({ length: count }, (_, index) => document.lineAt(first + index).text);
  return changeOf(lines, { range, newText: text });
}

function isAt({ document, selection: { active } }: vscode.TextEditor, change: Change): boolean {
  const { first, last } = placeOf(change, document.lineCount);
  return first <= active.line && active.line <= last;
}

function isInSight({ document, visibleRanges }: vscode.TextEditor, change: Change): boolean {
  const { first } = placeOf(change, document.lineCount);
  return visibleRanges.some(({ start, end }) => start.line <= first && first <= end.line);
}
