/** Shows changes in review: a read-only text with their lines, and what to do with each above it. */

import { basename } from 'node:path';
import * as vscode from 'vscode';

import type { Outcome, Review } from './review';

const SCHEME = 'leanwide-edit';

const REMOVED = { isWholeLine: true, backgroundColor: new vscode.ThemeColor('diffEditor.removedLineBackground') };
const ADDED = { isWholeLine: true, backgroundColor: new vscode.ThemeColor('diffEditor.insertedLineBackground') };

export class Reviews implements vscode.Disposable, vscode.TextDocumentContentProvider, vscode.CodeLensProvider {
  private readonly reviews = new Map<string, Review>();
  private readonly textChanged = new vscode.EventEmitter<vscode.Uri>();
  private readonly lensesChanged = new vscode.EventEmitter<void>();
  private readonly removed = vscode.window.createTextEditorDecorationType(REMOVED);
  private readonly added = vscode.window.createTextEditorDecorationType(ADDED);
  private readonly registrations: vscode.Disposable;

  readonly onDidChange = this.textChanged.event;
  readonly onDidChangeCodeLenses = this.lensesChanged.event;

  constructor() {
    this.registrations = vscode.Disposable.from(
      this.removed,
      this.added,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.languages.registerCodeLensProvider({ scheme: SCHEME }, this),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        this.colour(document.uri);
      }),
      vscode.window.onDidChangeVisibleTextEditors((editors) => {
        editors.forEach(({ document }) => {
          this.colour(document.uri);
        });
      }),
      vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
        closed.forEach((tab) => void this.at(uriOf(tab))?.close());
      }),
      ...this.commands(),
    );
  }

  /** Shows a review: its text opens with its first hunk. Returns its outcome when the text is closed. */
  async show(review: Review): Promise<Outcome> {
    const uri = textUri(review.document);
    const earlier = this.at(uri);
    this.reviews.set(uri.toString(), review);
    void earlier?.close();
    let showing: Promise<void> | undefined;
    review.onChange(() => {
      this.textChanged.fire(uri);
      this.lensesChanged.fire();
      this.colour(uri);
      if (review.isOpen && review.shown.shownHunks.length > 0) {
        showing ??= open(uri, review.document);
      }
    });
    const outcome = await review.outcome;
    await showing;
    if (this.at(uri) === review) {
      this.reviews.delete(uri.toString());
      await closeTabs(uri);
      if (showing !== undefined) {
        await vscode.window.showTextDocument(review.document);
      }
    }
    return outcome;
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.at(uri)?.shown.text ?? '';
  }

  provideCodeLenses({ uri }: vscode.TextDocument): vscode.CodeLens[] {
    const review = this.at(uri);
    const shownHunks = review?.shown.shownHunks ?? [];
    return shownHunks.flatMap(({ hunk, line }, index) => {
      const lens = (title: string, name: string, ...more: unknown[]) =>
        new vscode.CodeLens(new vscode.Range(line, 0, line, 0), {
          title,
          command: `leanwide.review.${name}`,
          arguments: [uri, ...more],
        });
      const isAccepted = review?.isAccepted(hunk) === true;
      const all = [
        lens(`Accept All (${shownHunks.length})`, 'acceptAll'),
        lens(review?.isWriting === true ? 'Stop' : 'Reject All', 'reject'),
        lens('Ask Again…', 'again'),
      ];
      return [
        lens(isAccepted ? '$(check) Accepted' : 'Accept', 'acceptHunk', hunk.id),
        ...(isAccepted ? [] : [lens('Reject', 'rejectHunk', hunk.id)]),
        ...(index === 0 ? all : []),
      ];
    });
  }

  dispose(): void {
    this.registrations.dispose();
  }

  private commands(): vscode.Disposable[] {
    const commands: { [name: string]: (review: Review, hunk: string) => Promise<void> } = {
      acceptHunk: (review, hunk) => review.accept(hunk),
      rejectHunk: (review, hunk) => review.reject(hunk),
      acceptAll: (review) => review.acceptAll(),
      reject: (review) => review.close(),
      again: (review) => review.close('again'),
    };
    return Object.entries(commands).map(([name, run]) =>
      vscode.commands.registerCommand(`leanwide.review.${name}`, async (uri?: vscode.Uri, hunk?: string) => {
        const review = this.at(uri ?? vscode.window.activeTextEditor?.document.uri);
        if (review !== undefined) {
          await run(review, hunk ?? '');
        }
      }),
    );
  }

  private at(uri: vscode.Uri | undefined): Review | undefined {
    return uri && this.reviews.get(uri.toString());
  }

  /** Colours the lines of the hunks, once the editor has their text. */
  private colour(uri: vscode.Uri): void {
    const review = this.at(uri);
    if (review === undefined) {
      return;
    }
    const { text, shownHunks } = review.shown;
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document.uri.toString() === uri.toString() && editor.document.getText() === text) {
        const removed = shownHunks.map(({ hunk, line }) => lines(line, hunk.removed));
        const added = shownHunks.map(({ hunk, line }) => lines(line + hunk.removed, hunk.added.length));
        editor.setDecorations(this.removed, removed.flat());
        editor.setDecorations(this.added, added.flat());
      }
    }
  }
}

function lines(first: number, count: number): vscode.Range[] {
  return count > 0 ? [new vscode.Range(first, 0, first + count - 1, 0)] : [];
}

/** Returns the address of the text that shows a document's change. */
function textUri(document: vscode.TextDocument): vscode.Uri {
  const path = `/${basename(document.uri.path)} (leanwide)`;
  return vscode.Uri.from({ scheme: SCHEME, path, query: document.uri.toString() });
}

function uriOf(tab: vscode.Tab): vscode.Uri | undefined {
  return tab.input instanceof vscode.TabInputText ? tab.input.uri : undefined;
}

async function closeTabs(uri: vscode.Uri): Promise<void> {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  await vscode.window.tabGroups.close(tabs.filter((tab) => uriOf(tab)?.toString() === uri.toString()));
}

/** Opens the text in the place of the document, at the same lines. */
async function open(uri: vscode.Uri, document: vscode.TextDocument): Promise<void> {
  const before = vscode.window.visibleTextEditors.find((editor) => editor.document === document);
  const text = await vscode.languages.setTextDocumentLanguage(
    await vscode.workspace.openTextDocument(uri),
    document.languageId,
  );
  const editor = await vscode.window.showTextDocument(text, { viewColumn: before?.viewColumn, preview: false });
  const top = before?.visibleRanges[0];
  if (top !== undefined) {
    editor.revealRange(new vscode.Range(top.start, top.start), vscode.TextEditorRevealType.AtTop);
  }
}
