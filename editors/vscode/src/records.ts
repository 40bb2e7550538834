/** The last request as a document: the prompt, the answer, the cost. */

import * as vscode from 'vscode';

import type { Record } from './protocol';
import type { Server } from './server';

const SCHEME = 'leanwide';
const DOCUMENT = vscode.Uri.from({ scheme: SCHEME, path: 'Last request' });

/** Shows the newest request in a read-only document. */
export class LastRequest implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly provider: vscode.Disposable;

  constructor(server: Server) {
    this.provider = vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      onDidChange: this.changed.event,
      provideTextDocumentContent: async () => {
        const record = (await server.ask<Record[]>('leanwide.lastRequest', {})).at(-1);
        return record === undefined ? 'Nothing was asked yet.\n' : format(record);
      },
    });
  }

  /** Opens the document next to the editor, or updates it. */
  async show(): Promise<void> {
    this.changed.fire(DOCUMENT);
    const document = await vscode.workspace.openTextDocument(DOCUMENT);
    await vscode.window.showTextDocument(document, vscode.ViewColumn.Beside);
  }

  dispose(): void {
    this.provider.dispose();
  }
}

function format(record: Record): string {
  const { mode, lane, experts, reason, source, prompt, answer, ms } = record;
  const { tokensEvaluated, tokensReused, tokensGenerated } = record;
  const stages = Object.entries(ms).map(([stage, time]) => `${stage} ${time.toFixed(0)} ms`);
  return [
    `${mode} on the ${lane} lane, ${experts} experts; answered by: ${source}`,
    reason,
    `tokens: ${tokensEvaluated} evaluated, ${tokensReused} reused, ${tokensGenerated} generated`,
    `time: ${stages.join(', ')}`,
    `\n──── what the model read ────\n${prompt}`,
    `\n──── what it answered ────\n${answer}\n`,
  ].join('\n');
}
