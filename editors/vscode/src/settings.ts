/** The user's settings in the shape of the server's own configuration files. */

import * as vscode from 'vscode';

/** Sections that are the server's; the others are this extension's own. */
const SERVER_SECTIONS = ['model', 'lanes', 'modes', 'languages', 'completion', 'files'];

export type Settings = { [key: string]: unknown };

/**
 * Gives what the user has set, and nothing else: a default here would hide what
 * the user's configuration file says.
 */
export function serverSettings(extension: vscode.Extension<unknown>): Settings {
  const settings: Settings = {};
  const configuration = vscode.workspace.getConfiguration('leanwide');
  for (const name of settingNames(extension)) {
    if (SERVER_SECTIONS.includes(name.split('.', 1)[0] ?? '') && isSet(configuration, name)) {
      put(settings, name.split('.').map(snakeCase), configuration.get(name));
    }
  }
  return settings;
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
