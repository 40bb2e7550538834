/** The last request as a document: what the model read, what it said, what that cost. */

import * as vscode from 'vscode';

import type { Record } from './protocol';
import type { Server } from './server';

const SCHEME = 'leanwide';
const PLACE = vscode.Uri.from({ scheme: SCHEME, path: 'Last request' });

/** Shows the newest request in a read-only document. */
export class LastRequest implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly provider: vscode.Disposable;

  constructor(server: Server) {
    this.provider = vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      onDidChange: this.changed.event,
      provideTextDocumentContent: async () => {
        const record = (await server.ask<Record[]>('leanwide.lastRequest', {})).at(-1);
        return record === undefined ? 'Nothing was asked yet.\n' : written(record);
      },
    });
  }

  /** Opens it beside the text, or brings it up to date. */
  async show(): Promise<void> {
    this.changed.fire(PLACE);
    const document = await vscode.workspace.openTextDocument(PLACE);
    await vscode.window.showTextDocument(document, vscode.ViewColumn.Beside);
  }

  dispose(): void {
    this.provider.dispose();
  }
}

function written(record: Record): string {
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
