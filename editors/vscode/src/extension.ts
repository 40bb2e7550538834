/** The extension's entry point: creates its parts and connects them. */

import * as vscode from 'vscode';

import { followCursor } from './cursor';
import { edit, EDITS, type Tools } from './edits';
import { isTarget, selectedTarget } from './editor';
import { failure } from './failure';
import { offerInstall } from './install';
import { Instructions } from './instructions';
import { Panel } from './panel';
import { participant } from './participant';
import { chooseModel } from './models';
import { switchMode } from './modes';
import { NextEdits } from './nextEdits';
import type { Target } from './protocol';
import { LastRequest } from './records';
import { Reviews } from './reviews';
import { Server } from './server';
import { toggleLanguage } from './settings';
import { showStats } from './stats';
import { showMenu, statusItem } from './status';
import { Suggestions } from './suggestions';

export function activate(context: vscode.ExtensionContext): void {
  const { extension, extensionUri } = context;
  const log = vscode.window.createOutputChannel('leanwide', { log: true });
  // The language client registers the server's commands; the middleware replaces those that need the editor.
  const suggestions = new Suggestions();
  const server: Server = new Server(extension, log, {
    provideInlineCompletionItems: suggestions.provide,
    executeCommand: (command, args: unknown[], next) => {
      const ours = replaced[command];
      return ours ? reported(ours(args[0])) : (next(command, args) as unknown);
    },
  });
  const panel = new Panel(extensionUri, server);
  const lastRequest = new LastRequest(server);
  const tools: Tools = { server, instructions: new Instructions(context.globalState), reviews: new Reviews() };
  const replaced = serverCommands(tools, panel, lastRequest);
  const nextEdits = new NextEdits(server, suggestions);

  context.subscriptions.push(
    log,
    server,
    panel,
    lastRequest,
    tools.reviews,
    nextEdits,
    statusItem(server.onStatus),
    followCursor(server),
    server.onSuggestionReady((ready) => suggestions.show(ready)),
    participant(server, vscode.Uri.joinPath(extensionUri, 'media', 'icon.svg')),
    ...registered(ownCommands(extension, tools, log)),
    ...registered(nextEditCommands(nextEdits, suggestions)),
    ...watchSettings(server),
  );
  void begin(server);
}

function onTarget(act: (target: Target) => Promise<unknown>): (argument: unknown) => Promise<unknown> {
  return async (argument) => {
    const target = isTarget(argument) ? argument : selectedTarget();
    return target && act(target);
  };
}

/** The server's command behind one of ours that has another name. */
const SERVER_NAMES: { [command: string]: string } = { 'leanwide.chooseModel': 'leanwide.models' };

type Commands = { [command: string]: (argument: unknown) => Promise<unknown> };

/** Commands of the server that need the editor: a selection, a panel, a preview. */
function serverCommands(tools: Tools, panel: Panel, lastRequest: LastRequest): Commands {
  const edits = Object.keys(EDITS).map((command): [string, Commands[string]] => [
    command,
    onTarget((target) => edit(tools, command, target)),
  ]);
  return {
    ...Object.fromEntries(edits),
    'leanwide.explain': onTarget((target) => {
      panel.open();
      return panel.conversation.explain(target);
    }),
    'leanwide.chat': () => {
      panel.conversation.setAbout(selectedTarget());
      panel.open();
      return Promise.resolve();
    },
    'leanwide.setMode': () => switchMode(tools.server),
    'leanwide.lastRequest': () => lastRequest.show(),
    'leanwide.stats': () => showStats(tools.server),
    // A link or a task may name them: the user always chooses, and agrees to a download.
    'leanwide.pullModel': () => chooseModel(tools.server),
    'leanwide.useModel': () => chooseModel(tools.server),
  };
}

function ownCommands(extension: vscode.Extension<unknown>, tools: Tools, log: vscode.LogOutputChannel): Commands {
  const { server } = tools;
  const own = ['leanwide.showLog', 'leanwide.restart', 'leanwide.toggleLanguage'];
  const isAvailable: { [command: string]: () => boolean } = {
    'leanwide.install': () => server.isMissing,
    'leanwide.nextEdit.toggle': () => server.offersNextEdit,
  };
  return {
    'leanwide.showLog': () => {
      log.show();
      return Promise.resolve();
    },
    'leanwide.edit': onTarget((target) => edit(tools, 'leanwide.refactor', target)),
    'leanwide.restart': () => server.restart(),
    'leanwide.chooseModel': () => chooseModel(server),
    'leanwide.install': () => install(server),
    'leanwide.toggleLanguage': () => switchLanguage(),
    'leanwide.menu': () =>
      showMenu(extension, (command) =>
        isAvailable[command]?.() ?? (own.includes(command) || server.commands.includes(SERVER_NAMES[command] ?? command)),
      ),
  };
}

function nextEditCommands(nextEdits: NextEdits, suggestions: Suggestions): Commands {
  return {
    'leanwide.nextEdit.accept': () => nextEdits.act(),
    'leanwide.nextEdit.dismiss': () => nextEdits.dismiss(),
    'leanwide.nextEdit.hideSuggestion': () => suggestions.hideGhost(),
    'leanwide.nextEdit.toggle': () => {
      const state = nextEdits.toggle() ? 'on' : 'off';
      void vscode.window.showInformationMessage(`leanwide's next edits are ${state} for this session.`);
      return Promise.resolve();
    },
  };
}

function registered(commands: Commands): vscode.Disposable[] {
  return Object.entries(commands).map(([name, run]) =>
    vscode.commands.registerCommand(name, () => reported(run(undefined))),
  );
}

/** Restarts the server, or sends it the settings, when these change. */
function watchSettings(server: Server): vscode.Disposable[] {
  return [
    vscode.workspace.onDidGrantWorkspaceTrust(() => server.restart()),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration('leanwide.server')) {
        await server.restart();
      } else if (change.affectsConfiguration('leanwide')) {
        await server.configure();
      }
    }),
  ];
}

/** Switches suggestions on or off for the language of the active editor. */
async function switchLanguage(): Promise<void> {
  const language = vscode.window.activeTextEditor?.document.languageId;
  if (language === undefined) {
    void vscode.window.showInformationMessage('Open a file in the language first.');
    return;
  }
  const state = (await toggleLanguage(language)) ? 'on' : 'off';
  void vscode.window.showInformationMessage(`leanwide's suggestions are ${state} for ${language}.`);
}

async function begin(server: Server): Promise<void> {
  await server.restart();
  if (server.isMissing) {
    await install(server);
  }
}

async function install(server: Server): Promise<void> {
  if (await offerInstall()) {
    await server.restart();
  }
}

/** Waits for a command of the user, and shows its error. */
async function reported(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof vscode.CancellationError)) {
      void vscode.window.showErrorMessage(failure(error));
    }
    return undefined;
  }
}
