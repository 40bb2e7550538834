/** The language server: its process, its requests and its notifications. */

import * as vscode from 'vscode';
import {
  DidChangeConfigurationNotification,
  ExecuteCommandRequest,
  LanguageClient,
  type Middleware,
  RevealOutputChannelOn,
  State,
  WorkDoneProgress,
  type WorkDoneProgressReport,
  type WorkspaceEdit,
} from 'vscode-languageclient/node';

import { findProgram } from './program';
import {
  cursorNotification,
  type Part,
  partProgress,
  type Status,
  statusNotification,
  type SuggestionReady,
  suggestionReadyNotification,
} from './protocol';
import { serverSettings } from './settings';

/** Commands whose menu entries show only where the server has them. */
const OFFERED = ['explain', 'refactor', 'document', 'test', 'fix', 'chat', 'setMode', 'models', 'lastRequest'];

/** The states in which no server can report its own. */
export type Absent = 'missing' | 'stopped';

export interface AskOptions {
  token?: vscode.CancellationToken;
  /** Called with each piece of the answer while it is generated. */
  onPart?: (part: Part) => void;
  /** Called while long work goes on. */
  onWork?: (report: WorkDoneProgressReport) => void;
}

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private lifecycle: Promise<void> = Promise.resolve();
  private missing = false;
  private streams = 0;
  private readonly changed = new vscode.EventEmitter<Status | Absent>();
  private readonly suggestionReady = new vscode.EventEmitter<SuggestionReady>();
  private readonly ended = new vscode.EventEmitter<void>();

  /** Fires with the server's status, or with why there is none. */
  readonly onStatus = this.changed.event;

  /** Fires when the server has more of a suggestion than the editor was sent. */
  readonly onSuggestionReady = this.suggestionReady.event;

  /** Fires when a server process has ended, with its conversations. */
  readonly onEnd = this.ended.event;

  constructor(
    private readonly extension: vscode.Extension<unknown>,
    private readonly log: vscode.LogOutputChannel,
    private readonly middleware: Middleware,
  ) {}

  /** Starts the server, or restarts it; overlapping calls run one after the other. */
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

  /** Sends the user's present settings. */
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
  async ask<T>(command: string, argument: object, { token, onPart, onWork }: AskOptions = {}): Promise<T> {
    if (this.client === undefined) {
      throw new Error('The leanwide server is not running.');
    }
    const streamToken = `leanwide-vscode-${++this.streams}`;
    const progress = this.client.onProgress(partProgress, streamToken, (part) => onPart?.(part));
    const workDoneToken = `${streamToken}-work`;
    const work = this.client.onProgress(WorkDoneProgress.type, workDoneToken, (value) => {
      if (value.kind === 'report') {
        onWork?.(value);
      }
    });
    const params = { command, arguments: [{ ...argument, streamToken }], ...(onWork && { workDoneToken }) };
    try {
      return (await this.client.sendRequest(ExecuteCommandRequest.type, params, token)) as T;
    } finally {
      progress.dispose();
      work.dispose();
    }
  }

  /** Tells the server where the cursor rests; it ignores documents that it does not serve. */
  async tellCursor(document: vscode.TextDocument, position: vscode.Position): Promise<void> {
    if (this.client?.state === State.Running) {
      const textDocument = { uri: document.uri.toString() };
      await this.client.sendNotification(cursorNotification, { textDocument, position });
    }
  }

  /** Returns a protocol edit as the editor's own type. */
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
      await setMenuContext([], 'missing');
      this.changed.fire('missing');
      return;
    }
    this.log.info(`starting ${program}`);
    this.client = this.newClient(program);
    try {
      await this.client.start();
      // The first status notification comes with the first document; until then, show this answer.
      this.changed.fire(await this.ask<Status>('leanwide.status', {}));
    } catch (error) {
      // The language client has shown the error.
      this.log.error(String(error));
    }
  }

  private newClient(program: string): LanguageClient {
    const client = new LanguageClient(
      'leanwide',
      'leanwide',
      // In the user's folder, Python and ggml could load a file from there.
      { command: program, args: ['serve'], options: { cwd: this.extension.extensionPath } },
      {
        documentSelector: ['file', 'untitled', 'vscode-notebook-cell'].map((scheme) => ({ scheme })),
        outputChannel: this.log,
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        initializationOptions: () => serverSettings(this.extension),
        middleware: this.middleware,
      },
    );
    client.onNotification(suggestionReadyNotification, (ready) => {
      this.suggestionReady.fire(ready);
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
      await setMenuContext(this.commands, 'running');
    } else if (state === State.Stopped) {
      this.ended.fire();
      this.changed.fire('stopped');
      await setMenuContext([], 'stopped');
    }
  }

  private async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.dispose();
  }
}

/** Sets the context keys that show and hide menu entries. */
async function setMenuContext(commands: readonly string[], state: 'running' | Absent): Promise<void> {
  const set = (key: string, value: boolean) =>
    vscode.commands.executeCommand('setContext', `leanwide.${key}`, value);
  await Promise.all([
    set('running', state === 'running'),
    set('missing', state === 'missing'),
    ...OFFERED.map((name) => set(`offers.${name}`, commands.includes(`leanwide.${name}`))),
  ]);
}
