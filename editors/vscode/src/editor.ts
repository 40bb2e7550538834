/** Selections and ranges of the editor, as the protocol writes them and back. */

import { basename } from 'node:path';
import * as vscode from 'vscode';

import type { Target } from './protocol';

/** Returns the selection of the active editor; an empty one is the cursor. */
export function selectedTarget(): Target | undefined {
  const editor = vscode.window.activeTextEditor;
  return editor && { uri: editor.document.uri.toString(), range: plain(editor.selection) };
}

/** Returns a range as the protocol writes it. */
export function plain({ start, end }: vscode.Range): Target['range'] {
  return {
    start: { line: start.line, character: start.character },
    end: { line: end.line, character: end.character },
  };
}

/** Returns the range of a target or an edit as the editor's own type. */
export function rangeOf({ range: { start, end } }: Pick<Target, 'range'>): vscode.Range {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}

/** Returns a short name of a place, such as `store.py:5–7`. */
export function placeName({ uri, range: { start, end } }: Target): string {
  const last = end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
  const lines = last > start.line ? `${start.line + 1}–${last + 1}` : `${start.line + 1}`;
  return `${basename(vscode.Uri.parse(uri).path)}:${lines}`;
}

/** Whether a command's argument is a target; menus pass other values. */
export function isTarget(value: unknown): value is Target {
  return typeof value === 'object' && value !== null && 'uri' in value && 'range' in value;
}
