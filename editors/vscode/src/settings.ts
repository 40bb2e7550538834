/** The user's settings in the shape of the server's configuration files. */

import * as vscode from 'vscode';

/** The prefix of settings that only this extension uses; all others are the server's. */
const OWN = 'server.';

export type Settings = { [key: string]: unknown };

/**
 * Returns only what the user has set: a default value would override the user's
 * configuration file.
 */
export function serverSettings(extension: vscode.Extension<unknown>): Settings {
  const settings: Settings = {};
  const configuration = vscode.workspace.getConfiguration('leanwide');
  for (const name of settingNames(extension)) {
    if (!name.startsWith(OWN) && isSet(configuration, name)) {
      put(settings, name.split('.').map(snakeCase), configuration.get(name));
    }
  }
  return settings;
}

/** Switches suggestions on or off for a language, in the settings that count; returns whether they are on now. */
export async function toggleLanguage(language: string): Promise<boolean> {
  const configuration = vscode.workspace.getConfiguration('leanwide');
  const off = configuration.get<string[]>('languages.off', []);
  const rest = off.filter((id) => id !== language);
  const on = rest.length < off.length;
  // The workspace's list hides the user's.
  const isWorkspaces = configuration.inspect('languages.off')?.workspaceValue !== undefined;
  const { Global, Workspace } = vscode.ConfigurationTarget;
  await configuration.update('languages.off', on ? rest : [...off, language], isWorkspaces ? Workspace : Global);
  return on;
}

interface Manifest {
  contributes: { configuration: { properties: { [name: string]: unknown } }[] };
}

function settingNames(extension: vscode.Extension<unknown>): string[] {
  const { contributes } = extension.packageJSON as Manifest;
  return contributes.configuration
    .flatMap((section) => Object.keys(section.properties))
    .map((name) => name.replace(/^leanwide\./, ''));
}

function isSet(configuration: vscode.WorkspaceConfiguration, name: string): boolean {
  const found = configuration.inspect(name);
  return [found?.globalValue, found?.workspaceValue, found?.workspaceFolderValue].some(
    (value) => value !== undefined,
  );
}

function put(settings: Settings, [first = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    settings[first] = value;
  } else {
    const section = (settings[first] ??= {}) as Settings;
    put(section, rest, value);
  }
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
