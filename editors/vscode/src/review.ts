/** One change in review: its hunks, what was decided about them, and how it ends. */

import * as vscode from 'vscode';
import type { TextEdit } from 'vscode-languageclient/node';

import { type Hunk, hunksOf, type Place, withHunks } from './hunks';

/** How a review ended; `again` and `rejected` left something out that the user may ask for again. */
export type Outcome = 'applied' | 'rejected' | 'again';

export class Review {
  private readonly version: number;
  private readonly lines: string[];
  private hunks: Hunk[] = [];
  private readonly decided = new Map<string, 'accepted' | 'rejected'>();
  private readonly cancelling = new vscode.CancellationTokenSource();
  private readonly changed = new vscode.EventEmitter<void>();
  private end: (outcome: Outcome) => void = () => undefined;
  private writing = true;
  private open = true;

  /** Fires when hunks come, go or are decided about, and when the review ends. */
  readonly onChange = this.changed.event;

  /** Fulfilled when the review ends. */
  readonly outcome = new Promise<Outcome>((resolve) => (this.end = resolve));

  constructor(readonly document: vscode.TextDocument) {
    this.version = document.version;
    this.lines = Array.from({ length: document.lineCount }, (_, line) => document.lineAt(line).text);
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

  /** The document with the removed and added lines of the hunks that were not rejected. */
  get shown(): { text: string; places: Place[] } {
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
    await this.apply(accepted);
    this.end(outcome === 'rejected' && accepted.length > 0 ? 'applied' : outcome);
  }

  private async settle(): Promise<void> {
    if (!this.writing && this.hunks.every((hunk) => this.isAccepted(hunk))) {
      await this.close();
    } else {
      this.changed.fire();
    }
  }

  /** Applies hunks as one step of undo, unless the document was changed. */
  private async apply(hunks: readonly Hunk[]): Promise<void> {
    if (hunks.length === 0) {
      return;
    }
    if (this.document.version !== this.version) {
      void vscode.window.showWarningMessage('The file changed meanwhile, so nothing was edited. Ask again.');
      return;
    }
    const change = new vscode.WorkspaceEdit();
    const edits = hunks.map(({ edit: { range, newText } }) => {
      const { start, end } = range;
      return new vscode.TextEdit(new vscode.Range(start.line, start.character, end.line, end.character), newText);
    });
    change.set(this.document.uri, edits);
    await vscode.workspace.applyEdit(change);
  }
}
