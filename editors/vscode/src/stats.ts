/** What was shown, accepted and kept lately, as the server counts it on this machine. */

import * as vscode from 'vscode';

import type { Stats } from './protocol';
import type { Server } from './server';

/** Shows the counts of the last days, a line for each language and mode. */
export async function showStats(server: Server): Promise<void> {
  const { counts, days, keeping } = await server.ask<Stats>('leanwide.stats', {});
  if (counts.length === 0) {
    const off = 'Counting is off: leanwide.statistics.keep is false.';
    void vscode.window.showInformationMessage(keeping ? 'leanwide has not counted anything yet.' : off);
    return;
  }
  const lines = counts.map(({ language, kind, mode, shown, accepted, kept }) => ({
    label: `${language}, ${mode}`,
    description: `${kind}s: ${shown} shown · ${share(accepted, shown)} accepted`,
    detail: kept === null ? '' : `${share(kept, accepted)} kept after 30 s`,
  }));
  await vscode.window.showQuickPick(lines, { title: `leanwide: the last ${days} days on this machine` });
}

/** Returns a number, and which percentage of another one it is. */
function share(part: number, whole: number): string {
  return whole > 0 ? `${part} (${Math.round((100 * part) / whole)} %)` : `${part}`;
}
