/** Lets the user choose a model, brings it where it is not here, and uses it. */

import * as vscode from 'vscode';

import { type Choice, gigabytes, modelPicks } from './modelPicks';
import type { ModelList, ModelRow, UsedModel } from './protocol';
import type { Server } from './server';

const DOWNLOAD = 'Download';

/** Asks for a model, and uses it; nothing is downloaded before the user agrees. */
export async function chooseModel(server: Server): Promise<void> {
  const listing = await server.ask<ModelList>('leanwide.models', {});
  const chosen = await vscode.window.showQuickPick(modelPicks(listing), {
    title: 'leanwide: model',
    placeHolder: 'A model to use, or to download',
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (chosen?.choice !== undefined) {
    await act(server, chosen.choice);
  }
}

async function act(server: Server, choice: Choice): Promise<void> {
  switch (choice.kind) {
    case 'use':
      await use(server, choice.name, choice.label);
      break;
    case 'pull':
      await bring(server, choice.row.name, size(choice.row));
      break;
    case 'file':
      await useFile(server);
      break;
    case 'address':
      await bringAddress(server);
  }
}

function size({ sizeBytes, partBytes, licence }: ModelRow): string {
  const here = partBytes > 0 ? `, of which ${gigabytes(partBytes)} are here` : '';
  return `${gigabytes(sizeBytes)}${here}, under the licence ${licence}`;
}

async function useFile(server: Server): Promise<void> {
  const filters = { 'GGUF models': ['gguf'] };
  const files = await vscode.window.showOpenDialog({ filters, openLabel: 'Use the Model' });
  const path = files?.[0]?.fsPath;
  if (path !== undefined) {
    await use(server, path, path);
  }
}

async function bringAddress(server: Server): Promise<void> {
  const name = await vscode.window.showInputBox({
    title: 'leanwide: a file of the Hugging Face hub',
    prompt: 'Its address: hf:OWNER/REPOSITORY/FILE.gguf',
    value: 'hf:',
    valueSelection: [3, 3],
  });
  if (name !== undefined) {
    await bring(server, name, 'the size is known once the hub is asked');
  }
}

/** Downloads a model if the user agrees, with progress and a button that cancels, and uses it. */
async function bring(server: Server, name: string, what: string): Promise<void> {
  const detail =
    `From the Hugging Face hub: ${what}. ` +
    'The file is verified; a download that is cancelled goes on later.';
  const agreed = await vscode.window.showInformationMessage(`Download ${name}?`, { modal: true, detail }, DOWNLOAD);
  if (agreed === DOWNLOAD && (await download(server, name))) {
    await use(server, name, name);
  }
}

/** Downloads a model; returns false where the user cancels. */
async function download(server: Server, name: string): Promise<boolean> {
  const options = { location: vscode.ProgressLocation.Notification, title: `leanwide: ${name}`, cancellable: true };
  return vscode.window.withProgress(options, async (bar, token) => {
    let done = 0;
    try {
      await server.ask('leanwide.pullModel', { name }, {
        token,
        onWork: ({ percentage = done, message = '' }) => {
          bar.report({ increment: percentage - done, message: `${percentage} %, ${message}` });
          done = percentage;
        },
      });
      return true;
    } catch (error) {
      if (!token.isCancellationRequested) {
        throw error;
      }
      const later = `The download of ${name} is stopped. Choose it again to go on from where it stopped.`;
      void vscode.window.showInformationMessage(later);
      return false;
    }
  });
}

/** Uses a model now and, by the user's settings, from now on. */
async function use(server: Server, name: string, label: string): Promise<void> {
  const { settings, lanes } = await server.ask<UsedModel>('leanwide.useModel', { name });
  const changed = Object.entries(settings.lanes).map(([lane, { model }]): [string, string] => [
    `lanes.${lane}.model`,
    model,
  ]);
  if (settings.model !== undefined) {
    changed.push(['model.path', settings.model.path]);
  }
  const configuration = vscode.workspace.getConfiguration('leanwide');
  for (const [setting, value] of changed) {
    await configuration.update(setting, value, vscode.ConfigurationTarget.Global);
  }
  const names = changed.map(([setting]) => `leanwide.${setting}`).join(' and ');
  const said = `leanwide uses ${label}${purpose(lanes)}. Changed in your settings: ${names}.`;
  void vscode.window.showInformationMessage(said);
}

function purpose(lanes: readonly string[]): string {
  if (lanes.length > 1) {
    return '';
  }
  return lanes[0] === 'lean'
    ? ' for suggestions; questions and edits keep their model'
    : ' for questions and edits; suggestions keep their model';
}
