/** The user's settings in the shape of the server's own configuration files. */

import * as vscode from 'vscode';

/** The settings of this extension alone; all others are the server's. */
const OWN = 'server.';

export type Settings = { [key: string]: unknown };

/**
 * Gives what the user has set, and nothing else: a default here would hide what
 * the user's configuration file says.
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

/** Switches the suggestions in a language on or off for this user; gives whether they are on now. */
export async function toggleLanguage(language: string): Promise<boolean> {
  const configuration = vscode.workspace.getConfiguration('leanwide');
  const off = configuration.inspect<string[]>('languages.off')?.globalValue ?? [];
  const rest = off.filter((one) => one !== language);
  const on = rest.length < off.length;
  await configuration.update('languages.off', on ? rest : [...off, language], vscode.ConfigurationTarget.Global);
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
