/** Pins a mode. */

import * as vscode from 'vscode';

import type { Server } from './server';

const MODES = [
  { mode: 'auto', label: '$(sparkle) Auto', description: 'what each request needs' },
  { mode: 'code', label: '$(zap) Code', description: 'lean: few experts, quick answers' },
  { mode: 'think', label: '$(telescope) Think', description: 'wide: more experts, room to think' },
  { mode: 'dialog', label: '$(comment) Dialog', description: 'wide, as for a chat' },
];

/** Lets the user pin a mode, or choose `auto` again. */
export async function switchMode(server: Server): Promise<void> {
  const chosen = await vscode.window.showQuickPick(MODES, { title: 'leanwide: mode' });
  if (chosen !== undefined) {
    await server.ask('leanwide.setMode', { mode: chosen.mode });
  }
}
