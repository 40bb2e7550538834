/** Refactor, document, fix and test: changes that are reviewed before they are applied. */

import * as vscode from 'vscode';
import { TextDocumentEdit, type TextEdit, type WorkspaceEdit } from 'vscode-languageclient/node';

import { plain, rangeOf } from './editor';
import { askHint, type Instructions } from './instructions';
import { FollowedTarget } from './followedTarget';
import type { EditAnswer, Part, Target } from './protocol';
import { type Outcome, Review } from './review';
import type { Reviews } from './reviews';
import type { Server } from './server';

/** The title that is shown while the model works, by command. */
export const EDITS: { [command: string]: string } = {
  'leanwide.refactor': 'Editing',
  'leanwide.document': 'Documenting',
  'leanwide.test': 'Writing tests',
  'leanwide.fix': 'Fixing',
};

const SHOW_ANSWER = 'Show the Answer';
const ASK_AGAIN = 'Ask Again…';
const OUTDATED = 'The file changed meanwhile, or cannot be edited, so nothing was edited.';

/** What edits need of the extension. */
export interface Tools {
  server: Server;
  instructions: Instructions;
  reviews: Reviews;
}

/** What the server is asked for; `attempt` and `hint` continue an earlier answer. */
interface Asked {
  command: string;
  followed: FollowedTarget;
  instruction?: string | undefined;
  attempt?: string | null | undefined;
  hint?: string | undefined;
}

/** Asks the server for a change, and shows it while the model writes. */
export async function edit(tools: Tools, command: string, target: Target): Promise<void> {
  const followed = new FollowedTarget(target);
  try {
    if (command !== 'leanwide.refactor') {
      await ask(tools, { command, followed });
      return;
    }
    const instruction = ownInstruction(target) ?? (await tools.instructions.ask('Edit with leanwide'));
    if (instruction !== undefined) {
      await ask(tools, { command, followed, instruction });
    }
  } finally {
    followed.dispose();
  }
}

/** Returns the instruction that a code action brings. */
function ownInstruction(target: Target): string | undefined {
  return 'instruction' in target && typeof target.instruction === 'string' ? target.instruction : undefined;
}

async function ask(tools: Tools, asked: Asked): Promise<void> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(asked.followed.target.uri));
  const review = new Review(document);
  // A cell of a notebook has no editor of its own whose place the review could take.
  const isCell = document.uri.scheme === 'vscode-notebook-cell';
  const outcome = isCell ? review.outcome : tools.reviews.show(review);
  const answer = await answered(tools.server, asked, review);
  if (answer === undefined) {
    const ended = await outcome;
    return ended === 'rejected' ? undefined : afterReview(tools, asked, ended);
  }
  const next = { ...asked, attempt: answer.attempt };
  const edits = answer.edit && ownEdits(answer.edit, document.uri);
  if (answer.edit !== null && edits !== null && !isCell) {
    await review.finish(edits);
    const ended = await outcome;
    await tellAccepted(tools.server, answer, review.isApplied);
    return afterReview(tools, next, ended);
  }
  await review.close();
  if (answer.edit === null) {
    await refuse(tools, next, answer.markdown ?? 'leanwide has nothing to change here.');
  } else {
    const isApplied = await preview(answer.edit, await tools.server.edit(answer.edit));
    await tellAccepted(tools.server, answer, isApplied);
  }
}

/** Returns the server's answer, undefined where the user stopped the model. */
async function answered(server: Server, asked: Asked, review: Review): Promise<EditAnswer | undefined> {
  const { command, followed, ...more } = asked;
  const { target } = followed;
  const argument = { ...target, ...more, diagnostics: diagnostics(target), apply: false };
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: `leanwide: ${EDITS[command] ?? ''}…`,
    cancellable: true,
  };
  try {
    return await vscode.window.withProgress(options, (progress, token) => {
      token.onCancellationRequested(() => void review.close());
      return server.ask<EditAnswer>(command, argument, { token: review.token, onPart: shower(review, progress) });
    });
  } catch (error) {
    if (!review.isOpen) {
      return undefined;
    }
    await review.close();
    throw error;
  }
}

/** Returns what shows the pieces of an answer: settled edits, and the line that is being written. */
function shower(review: Review, progress: vscode.Progress<{ message: string }>): (part: Part) => void {
  let written = '';
  return ({ text, edits }) => {
    written = /[^\n]*\n*$/.exec(written + text)?.[0] ?? '';
    progress.report({ message: written.trim() });
    if (edits !== undefined) {
      review.show(edits);
    }
  };
}

/** Returns what any language's tools report about the lines; about the whole document for a cursor on
 * whose line there is nothing, of which the server takes what is about the definition there. */
function diagnostics(target: Target): object[] {
  const { start, end, isEmpty } = rangeOf(target);
  const lines = new vscode.Range(start.line, 0, end.line, Number.MAX_SAFE_INTEGER);
  const all = vscode.languages.getDiagnostics(vscode.Uri.parse(target.uri));
  const about = all.filter(({ range }) => range.intersection(lines) !== undefined);
  return (about.length === 0 && isEmpty ? all : about).map(({ range, message, severity }) => ({
    range: plain(range),
    message,
    severity: severity + 1,
  }));
}

/** Returns the edits of a change that is about one document alone, else null. */
function ownEdits({ documentChanges }: WorkspaceEdit, uri: vscode.Uri): TextEdit[] | null {
  const edits: TextEdit[] = [];
  for (const change of documentChanges ?? []) {
    if (!TextDocumentEdit.is(change) || vscode.Uri.parse(change.textDocument.uri).toString() !== uri.toString()) {
      return null;
    }
    edits.push(...change.edits.filter((one): one is TextEdit => 'newText' in one));
  }
  return edits;
}

/** Tells the server, which counts for the user, that a change was accepted. */
async function tellAccepted(server: Server, { attempt }: EditAnswer, isApplied: boolean): Promise<void> {
  if (isApplied && typeof attempt === 'string') {
    // The change is made: that it could not be counted is no news for the user.
    await server.ask('leanwide.accepted', { id: attempt }).catch(() => undefined);
  }
}

/** Offers to ask again where the user rejected a change, or it was accepted and could not be applied. */
async function afterReview(tools: Tools, asked: Asked, outcome: Outcome): Promise<void> {
  let chosen: string | undefined = outcome === 'again' ? ASK_AGAIN : undefined;
  if (outcome === 'rejected') {
    chosen = await vscode.window.showInformationMessage('The change was rejected.', ASK_AGAIN);
  } else if (outcome === 'outdated') {
    chosen = await vscode.window.showWarningMessage(OUTDATED, ASK_AGAIN);
  }
  if (chosen === ASK_AGAIN) {
    await askAgain(tools, asked);
  }
}

/** Asks the model once more, with a hint of the user. */
async function askAgain(tools: Tools, asked: Asked): Promise<void> {
  const hint = await askHint();
  if (hint !== undefined) {
    await ask(tools, { ...asked, hint });
  }
}

/** Says why there is no change; offers to ask again, and to show the model's answer. */
async function refuse(tools: Tools, asked: Asked, markdown: string): Promise<void> {
  const [sentence = '', ...rest] = markdown.split('\n\n');
  const offers = typeof asked.attempt === 'string' ? [ASK_AGAIN] : [];
  if (rest.length > 0) {
    offers.push(SHOW_ANSWER);
  }
  const chosen = await vscode.window.showInformationMessage(sentence, ...offers);
  if (chosen === SHOW_ANSWER) {
    await vscode.commands.executeCommand('leanwide.lastRequest');
  } else if (chosen === ASK_AGAIN) {
    await askAgain(tools, asked);
  }
}

/** Shows a change in the editor's own preview; returns whether any of it was applied. */
async function preview(answer: WorkspaceEdit, change: vscode.WorkspaceEdit): Promise<boolean> {
  if (!isCurrent(answer)) {
    void vscode.window.showWarningMessage(`${OUTDATED} Ask again.`);
    return false;
  }
  // Each change asks for a confirmation, so the preview shows all of them unticked.
  const hint = vscode.window.setStatusBarMessage('leanwide: tick the changes that you want, then press Apply');
  try {
    return await vscode.workspace.applyEdit(change, { isRefactoring: true });
  } finally {
    hint.dispose();
  }
}

/** Whether the documents have the versions that the model read. */
function isCurrent({ documentChanges }: WorkspaceEdit): boolean {
  const versions = new Map(
    vscode.workspace.textDocuments.map((document) => [document.uri.toString(), document.version]),
  );
  return (documentChanges ?? [])
    .filter((change) => TextDocumentEdit.is(change))
    .every(({ textDocument: { uri, version } }) => {
      const now = versions.get(vscode.Uri.parse(uri).toString());
      return version === null || now === version;
    });
}
