/** Shows a next edit: what goes is struck through, what comes stands behind it, and a hint says what Tab does. */

import * as vscode from 'vscode';

import { type Change, placeOf, type WordChange } from './nextEditChange';

/** Columns between the longest line and the lines that are shown beside it. */
const GAP = 4;

const REMOVED = {
  backgroundColor: new vscode.ThemeColor('diffEditor.removedTextBackground'),
  textDecoration: 'line-through',
};

const PLACE = {
  overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.infoForeground'),
  overviewRulerLane: vscode.OverviewRulerLane.Full,
};

const ADDED = new vscode.ThemeColor('diffEditor.insertedTextBackground');

/** A remark at the end of a line. */
export interface Hint {
  line: number;
  text: string;
}

export class NextEditView implements vscode.Disposable {
  private readonly removed = vscode.window.createTextEditorDecorationType(REMOVED);
  private readonly added = vscode.window.createTextEditorDecorationType({});
  private readonly hints = vscode.window.createTextEditorDecorationType({});
  /** The lines of the edit, in the ruler beside the scroll bar. */
  private readonly places = vscode.window.createTextEditorDecorationType(PLACE);
  private drawnIn: vscode.TextEditor | undefined;

  /** Draws a hint, and the change where the editor shows its document. */
  draw(editor: vscode.TextEditor, hint: Hint, change?: Change, reason?: string): void {
    this.clear();
    this.drawnIn = editor;
    editor.setDecorations(this.hints, [hintAt(editor.document.lineAt(hint.line), hint.text)]);
    if (change === undefined) {
      return;
    }
    const hoverMessage = new vscode.MarkdownString(`leanwide: ${reason ?? ''}`);
    const removed = change.words?.map(rangeOfWords) ?? linesOf(editor.document, change);
    editor.setDecorations(this.removed, removed.map((range) => ({ range, hoverMessage })));
    editor.setDecorations(this.added, change.words?.map(behind) ?? beside(editor, change));
    const { first, last } = placeOf(change, editor.document.lineCount);
    editor.setDecorations(this.places, [new vscode.Range(first, 0, last, 0)]);
  }

  /** Removes what is drawn. */
  clear(): void {
    for (const type of [this.removed, this.added, this.hints, this.places]) {
      this.drawnIn?.setDecorations(type, []);
    }
    this.drawnIn = undefined;
  }

  dispose(): void {
    vscode.Disposable.from(this.removed, this.added, this.hints, this.places).dispose();
  }
}

function hintAt({ range: { end } }: vscode.TextLine, text: string): vscode.DecorationOptions {
  const color = new vscode.ThemeColor('editorCodeLens.foreground');
  const after = { contentText: text, color, fontStyle: 'italic', margin: '0 0 0 3ch' };
  return { range: new vscode.Range(end, end), renderOptions: { after } };
}

function rangeOfWords({ line, start, end }: WordChange): vscode.Range {
  return new vscode.Range(line, start, line, end);
}

/** Returns the lines that go, without their indentation. */
function linesOf(document: vscode.TextDocument, { first, removed }: Change): vscode.Range[] {
  return Array.from({ length: removed }, (_, index) => {
    const { range, firstNonWhitespaceCharacterIndex: start } = document.lineAt(first + index);
    return range.with(range.start.translate(0, start));
  });
}

/** Returns new words behind the old ones. */
function behind({ line, end, text }: WordChange): vscode.DecorationOptions {
  const after = { contentText: visible(text), backgroundColor: ADDED };
  return { range: new vscode.Range(line, end, line, end), renderOptions: { after } };
}

/** Returns new lines as a block beside the old ones: a decoration makes no line of its own. */
function beside({ document, options }: vscode.TextEditor, change: Change): vscode.DecorationOptions[] {
  const { added } = change;
  const { first } = placeOf(change, document.lineCount);
  const tab = ' '.repeat(Number(options.tabSize));
  const shown = added.map((line) => line.replaceAll('\t', tab));
  const width = Math.max(...shown.map((line) => line.length));
  const rows = shown.slice(0, document.lineCount - first).map((text, index) => {
    const { range, text: present } = document.lineAt(first + index);
    return { text, end: range.end, width: present.replaceAll('\t', tab).length };
  });
  const column = Math.max(...rows.map((row) => row.width)) + GAP;
  return rows.map(({ text, end, width: present }) => {
    const after = { contentText: visible(text.padEnd(width)), backgroundColor: ADDED, margin: `0 0 0 ${column - present}ch` };
    return { range: new vscode.Range(end, end), renderOptions: { after } };
  });
}

/** Returns a text whose blanks a decoration shows. */
function visible(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}
