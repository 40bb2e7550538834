/** The part of a document that an edit is asked for; it moves with the text. */

import * as vscode from 'vscode';

import type { Target } from './protocol';
import { shifted } from './shift';

export class FollowedTarget implements vscode.Disposable {
  private readonly following: vscode.Disposable;

  /** The part as it is now. */
  target: Target;

  constructor(target: Target) {
    this.target = target;
    const uri = vscode.Uri.parse(target.uri).toString();
    this.following = vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (document.uri.toString() === uri) {
        const range = contentChanges.reduce((moved, change) => shifted(moved, change), this.target.range);
        this.target = { ...this.target, range };
      }
    });
  }

  dispose(): void {
    this.following.dispose();
  }
}
