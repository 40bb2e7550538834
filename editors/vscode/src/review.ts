/** One change in review: its hunks, what was decided about them, and how it ends. */

import * as vscode from 'vscode';
import type { TextEdit } from 'vscode-languageclient/node';

import { rangeOf } from './editor';
import { type Hunk, hunksOf, type ShownHunk, withHunks } from './hunks';

/**
 * How a review ended; `again` and `rejected` left something out that the user may ask for again. `outdated`: something was
 * accepted, and nothing could be applied.
 */
export type Outcome = 'applied' | 'rejected' | 'again' | 'outdated';

export class Review {
  private readonly lines: string[];
  private hunks: Hunk[] = [];
  private readonly decided = new Map<string, 'accepted' | 'rejected'>();
  private readonly cancelling = new vscode.CancellationTokenSource();
  private readonly changed = new vscode.EventEmitter<void>();
  private end: (outcome: Outcome) => void = () => undefined;
  private writing = true;
  private open = true;
  private applied = false;

  /** Fires when hunks come, go or are decided about, and when the review ends. */
  readonly onChange = this.changed.event;

  /** Fulfilled when the review ends. */
  readonly outcome = new Promise<Outcome>((resolve) => (this.end = resolve));

  constructor(readonly document: vscode.TextDocument) {
    this.lines = linesOf(document);
  }

  /** Cancelled when the user stops the model. */
  get token(): vscode.CancellationToken {
    return this.cancelling.token;
  }

  get isOpen(): boolean {
    return this.open;
  }

  get isWriting(): boolean {
    return this.writing;
  }

  /** Whether a part of the change was applied. */
  get isApplied(): boolean {
    return this.applied;
  }

  /** The document with the removed and added lines of the hunks that were not rejected. */
  get shown(): { text: string; shownHunks: ShownHunk[] } {
    return withHunks(this.lines, this.hunks);
  }

  isAccepted({ id }: Hunk): boolean {
    return this.decided.get(id) === 'accepted';
  }

  /** Shows all edits that are settled so far; they take the place of the earlier ones. */
  show(edits: readonly TextEdit[]): void {
    this.hunks = hunksOf(this.lines, edits).filter(({ id }) => this.decided.get(id) !== 'rejected');
    this.changed.fire();
  }

  /** Shows the whole change. It is applied when everything is decided. */
  async finish(edits: readonly TextEdit[]): Promise<void> {
    this.writing = false;
    this.show(edits);
    await this.settle();
  }

  /** Accepts a hunk, or takes that back. While the model writes, nothing is applied. */
  async accept(id: string): Promise<void> {
    if (this.decided.get(id) === 'accepted') {
      this.decided.delete(id);
    } else {
      this.decided.set(id, 'accepted');
    }
    await this.settle();
  }

  async reject(id: string): Promise<void> {
    this.decided.set(id, 'rejected');
    this.hunks = this.hunks.filter((hunk) => hunk.id !== id);
    await this.settle();
  }

  /** Accepts all hunks that are shown. */
  async acceptAll(): Promise<void> {
    for (const { id } of this.hunks) {
      this.decided.set(id, 'accepted');
    }
    await this.settle();
  }

  /** Ends the review and stops the model: what was accepted is applied, the rest is left out. */
  async close(outcome: Outcome = 'rejected'): Promise<void> {
    if (!this.open) {
      return;
    }
    this.open = false;
    this.cancelling.cancel();
    this.changed.fire();
    const accepted = this.hunks.filter((hunk) => this.isAccepted(hunk));
    this.applied = await this.apply(accepted);
    if (accepted.length > 0 && !this.applied) {
      this.end('outdated');
    } else {
      this.end(outcome === 'rejected' && this.applied ? 'applied' : outcome);
    }
  }

  private async settle(): Promise<void> {
    if (!this.writing && this.hunks.every((hunk) => this.isAccepted(hunk))) {
      await this.close();
    } else {
      this.changed.fire();
    }
  }

  /** Applies hunks as one step of undo; returns whether that was done. It is not where the text was changed. */
  private async apply(hunks: readonly Hunk[]): Promise<boolean> {
    if (hunks.length === 0 || !(await this.isCurrent())) {
      return false;
    }
    const change = new vscode.WorkspaceEdit();
    change.set(
      this.document.uri,
      hunks.map(({ edit }) => new vscode.TextEdit(rangeOf(edit), edit.newText)),
    );
    return vscode.workspace.applyEdit(change);
  }

  /** Whether the text is still the one that the model read; a document that was closed is opened again. */
  private async isCurrent(): Promise<boolean> {
    try {
      const lines = linesOf(await vscode.workspace.openTextDocument(this.document.uri));
      return lines.length === this.lines.length && lines.every((line, index) => line === this.lines[index]);
    } catch {
      return false; // its file was removed
    }
  }
}

function linesOf(document: vscode.TextDocument): string[] {
  return Array.from({ length: document.lineCount }, (_, line) => document.lineAt(line).text);
}
