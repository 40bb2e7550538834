/** The item in the status bar, and its menu. */

import * as vscode from 'vscode';

import type { Status } from './protocol';
import type { Absent } from './server';

const ICONS: { [state in Status['state'] | Absent]: string } = {
  starting: '$(loading~spin)',
  loading: '$(loading~spin)',
  idle: '$(circuit-board)',
  busy: '$(circuit-board)',
  degraded: '$(warning)',
  failed: '$(error)',
  missing: '$(circle-slash)',
  stopped: '$(circle-slash)',
};

/** Creates the status bar item; it is hidden until the first status. */
export function statusItem(onStatus: vscode.Event<Status | Absent>): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('leanwide.status', vscode.StatusBarAlignment.Right, 100);
  item.name = 'leanwide';
  item.command = 'leanwide.menu';
  const following = onStatus((status) => {
    draw(item, status);
    item.show();
  });
  return vscode.Disposable.from(item, following);
}

function draw(item: vscode.StatusBarItem, status: Status | Absent): void {
  const state = typeof status === 'string' ? status : status.state;
  item.text = `${ICONS[state]} ${typeof status === 'string' ? `leanwide: ${status}` : summary(status)}`;
  item.tooltip = typeof status === 'string' ? `leanwide's server is ${status}.` : details(status);
  item.accessibilityInformation = { label: `leanwide, ${state}, ${item.text.replace(/\$\(\S+\) /, '')}` };
  const colour = { failed: 'errorBackground', degraded: 'warningBackground' }[state as string];
  item.backgroundColor = colour === undefined ? undefined : new vscode.ThemeColor(`statusBarItem.${colour}`);
}

function summary({ state, mode, lane, experts, tokensPerSecond }: Status): string {
  if (state !== 'idle' && state !== 'busy') {
    return `leanwide: ${state}`;
  }
  // Before the model is loaded there are no figures.
  const figures = [
    experts > 0 ? `${experts} experts` : '',
    tokensPerSecond > 0 ? `${Math.round(tokensPerSecond)} tok/s` : '',
  ];
  return [mode, lane, ...figures].filter((part) => part !== '').join(' · ');
}

function details(status: Status): vscode.MarkdownString {
  const { mode, lane, experts, tokensPerSecond, state, reason } = status;
  const text = new vscode.MarkdownString(
    `**leanwide** is ${state}.\n\n` +
      `| | |\n|---|---|\n| mode | ${mode} |\n| lane | ${lane} |\n| experts | ${experts} |\n` +
      `| speed | ${tokensPerSecond} tokens/s |\n\n`,
  );
  return text.appendText(reason);
}

const MENU = [
  ...['explain', 'chat', 'setMode', 'chooseModel', 'toggleLanguage', 'nextEdit.toggle'],
  ...['lastRequest', 'stats', 'install', 'showLog', 'restart'],
];

interface Manifest {
  contributes: { commands: { command: string; title: string; icon: string }[] };
}

/** Shows a menu of the commands that are available now. */
export async function showMenu(
  extension: vscode.Extension<unknown>,
  available: (command: string) => boolean,
): Promise<void> {
  const { commands } = (extension.packageJSON as Manifest).contributes;
  const items = MENU.flatMap((name) => commands.filter(({ command }) => command === `leanwide.${name}`))
    .filter(({ command }) => available(command))
    .map(({ command, title, icon }) => ({ label: `${icon} ${title}`, command, argument: '' }));
  items.push({
    label: '$(gear) Settings',
    command: 'workbench.action.openSettings',
    argument: `@ext:${extension.id}`,
  });
  const chosen = await vscode.window.showQuickPick(items, { title: 'leanwide' });
  if (chosen !== undefined) {
    await vscode.commands.executeCommand(chosen.command, ...(chosen.argument === '' ? [] : [chosen.argument]));
  }
}
