/** The language server: started, restarted, asked. */

import * as vscode from 'vscode';
import {
  DidChangeConfigurationNotification,
  ExecuteCommandRequest,
  LanguageClient,
  type Middleware,
  RevealOutputChannelOn,
  State,
  type WorkspaceEdit,
} from 'vscode-languageclient/node';

import { findProgram } from './program';
import {
  cursorNotification,
  type Part,
  partProgress,
  readyNotification,
  type Status,
  statusNotification,
  type SuggestionReady,
} from './protocol';
import { serverSettings } from './settings';

/** Commands whose menu entries show only where the server has them. */
const OFFERED = ['explain', 'refactor', 'document', 'test', 'fix', 'chat', 'setMode', 'lastRequest'];

/** What is known of the server when it cannot say so itself. */
export type Absent = 'missing' | 'stopped';

export interface Asking {
  token?: vscode.CancellationToken;
  /** Gets the pieces of the answer as they are generated. */
  onPart?: (part: Part) => void;
}

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private lifecycle: Promise<void> = Promise.resolve();
  private missing = false;
  private streams = 0;
  private readonly changed = new vscode.EventEmitter<Status | Absent>();
  private readonly more = new vscode.EventEmitter<SuggestionReady>();
  private readonly lost = new vscode.EventEmitter<void>();

  /** Fires with the server's own words, or with what keeps it from saying any. */
  readonly onStatus = this.changed.event;

  /** Fires when there is more of a suggestion than the editor was given. */
  readonly onMore = this.more.event;

  /** Fires when a server process has ended, and with it what it remembered. */
  readonly onEnd = this.lost.event;

  constructor(
    private readonly extension: vscode.Extension<unknown>,
    private readonly log: vscode.LogOutputChannel,
    private readonly middleware: Middleware,
  ) {}

  /** Starts the server, anew if it runs; restarts that overlap run one after the other. */
  restart(): Promise<void> {
    this.lifecycle = this.lifecycle.then(async () => {
      await this.stop();
      await this.start();
    });
    return this.lifecycle;
  }

  /** The server's commands, while it runs. */
  get commands(): readonly string[] {
    return this.client?.initializeResult?.capabilities.executeCommandProvider?.commands ?? [];
  }

  /** Whether no program was found at the last start. */
  get isMissing(): boolean {
    return this.missing;
  }

  /** Sends the user's settings as they are now. */
  async configure(): Promise<void> {
    await this.client?.sendNotification(DidChangeConfigurationNotification.type, {
      settings: serverSettings(this.extension),
    });
  }

  /**
   * Runs a command of the server.
   *
   * @throws vscode.CancellationError or the server's ResponseError, whose message is for the user.
   */
  async ask<T>(command: string, argument: object, { token, onPart }: Asking = {}): Promise<T> {
    if (this.client === undefined) {
      throw new Error('The leanwide server is not running.');
    }
    const streamToken = `leanwide-vscode-${++this.streams}`;
    const progress = this.client.onProgress(partProgress, streamToken, (part) => onPart?.(part));
    const params = { command, arguments: [{ ...argument, streamToken }] };
    try {
      return (await this.client.sendRequest(ExecuteCommandRequest.type, params, token)) as T;
    } finally {
      progress.dispose();
    }
  }

  /** Says where the cursor rests; documents that are none of the server's mean nothing to it. */
  async tellCursor(document: vscode.TextDocument, position: vscode.Position): Promise<void> {
    if (this.client?.state === State.Running) {
      const textDocument = { uri: document.uri.toString() };
      await this.client.sendNotification(cursorNotification, { textDocument, position });
    }
  }

  /** Gives an edit in the editor's own form. */
  async edit(edit: WorkspaceEdit): Promise<vscode.WorkspaceEdit> {
    return (await this.client?.protocol2CodeConverter.asWorkspaceEdit(edit)) ?? new vscode.WorkspaceEdit();
  }

  dispose(): Promise<void> {
    return this.stop();
  }

  private async start(): Promise<void> {
    const program = await findProgram();
    this.missing = program === undefined;
    if (program === undefined) {
      await offer([], 'missing');
      this.changed.fire('missing');
      return;
    }
    this.log.info(`starting ${program}`);
    this.client = this.newClient(program);
    try {
      await this.client.start();
      // The first status comes with the first document; until then this shows what is there.
      this.changed.fire(await this.ask<Status>('leanwide.status', {}));
    } catch (error) {
      // The client has shown why by itself.
      this.log.error(String(error));
    }
  }

  private newClient(program: string): LanguageClient {
    const client = new LanguageClient(
      'leanwide',
      'leanwide',
      // In the folder that is open, Python and ggml could take a file of it for one of theirs.
      { command: program, args: ['serve'], options: { cwd: this.extension.extensionPath } },
      {
        documentSelector: ['file', 'untitled', 'vscode-notebook-cell'].map((scheme) => ({ scheme })),
        outputChannel: this.log,
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        initializationOptions: () => serverSettings(this.extension),
        middleware: this.middleware,
      },
    );
    client.onNotification(readyNotification, (ready) => {
      this.more.fire(ready);
    });
    client.onNotification(statusNotification, (status) => {
      this.changed.fire(status);
    });
    client.onDidChangeState(({ newState }) => {
      void this.follow(newState);
    });
    return client;
  }

  private async follow(state: State): Promise<void> {
    if (state === State.Running) {
      await offer(this.commands, 'running');
    } else if (state === State.Stopped) {
      this.lost.fire();
      this.changed.fire('stopped');
      await offer([], 'stopped');
    }
  }

  private async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.dispose();
  }
}

/** Tells the menus which commands there are. */
async function offer(commands: readonly string[], state: 'running' | Absent): Promise<void> {
  const set = (key: string, value: boolean) =>
    vscode.commands.executeCommand('setContext', `leanwide.${key}`, value);
  await Promise.all([
    set('running', state === 'running'),
    set('missing', state === 'missing'),
    ...OFFERED.map((name) => set(`offers.${name}`, commands.includes(`leanwide.${name}`))),
  ]);
}
