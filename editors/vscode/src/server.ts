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

import { CAPABILITIES } from './capabilities';
import { findProgram } from './program';
import {
  cursorNotification,
  didFocusNotification,
  didShowInlineEditNotification,
  type NextEdit,
  type NextEditParams,
  nextEditRequest,
  type Part,
  partProgress,
  type Status,
  statusNotification,
  type SuggestionReady,
  suggestionReadyNotification,
} from './protocol';
import { serverSettings } from './settings';

/** Commands whose menu entries show only where the server has them. */
const OFFERED = ['explain', 'refactor', 'document', 'test', 'fix', 'chat', 'setMode', 'models', 'lastRequest', 'stats'];

/** The schemes of documents that it serves. */
export const SCHEMES = ['file', 'untitled', 'vscode-notebook-cell'];

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
    const step = async () => {
      await this.stop();
      await this.start();
    };
    // After an error, too, the next call starts it.
    this.lifecycle = this.lifecycle.then(step, step);
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
    if (this.client?.state === State.Running) {
      const settings = serverSettings(this.extension);
      await this.client.sendNotification(DidChangeConfigurationNotification.type, { settings });
    }
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

  /** Whether the server proposes next edits; an older one does not. */
  get offersNextEdit(): boolean {
    const experimental: unknown = this.client?.initializeResult?.capabilities.experimental;
    return isRecord(experimental) && isRecord(experimental.leanwide) && experimental.leanwide.nextEdit === true;
  }

  /** Returns the next edit; undefined where there is none, or the request was cancelled or failed. */
  async nextEdit(params: NextEditParams, token: vscode.CancellationToken): Promise<NextEdit | undefined> {
    try {
      return (await this.client?.sendRequest(nextEditRequest, params, token))?.edits[0];
    } catch (error) {
      // Nobody asked for it by hand, so nobody is told.
      this.log.debug(String(error));
      return undefined;
    }
  }

  /** Tells the server that the user sees a next edit. */
  async tellShown({ command }: NextEdit): Promise<void> {
    await this.client?.sendNotification(didShowInlineEditNotification, { item: { command } });
  }

  /** Tells the server which document the user looks at: next edits are searched there first. */
  async tellFocus({ uri }: vscode.TextDocument): Promise<void> {
    if (this.offersNextEdit) {
      await this.client?.sendNotification(didFocusNotification, { textDocument: { uri: uri.toString() } });
    }
  }

  /** Tells the server what became of a next edit, by a command. */
  async tellDecision(command: string, args: unknown[] = []): Promise<void> {
    try {
      await this.client?.sendRequest(ExecuteCommandRequest.type, { command, arguments: args });
    } catch (error) {
      this.log.debug(String(error));
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
        documentSelector: SCHEMES.map((scheme) => ({ scheme })),
        outputChannel: this.log,
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        initializationOptions: () => serverSettings(this.extension),
        middleware: this.middleware,
      },
    );
    client.registerFeature(CAPABILITIES);
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
      await setContext('offers.nextEdit', this.offersNextEdit);
    } else if (state === State.Stopped || state === State.StartFailed) {
      this.ended.fire();
      this.changed.fire('stopped');
      await setMenuContext([], 'stopped');
    }
  }

  private async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    try {
      await client?.dispose();
    } catch (error) {
      // It never started, or took too long to stop and was killed.
      this.log.warn(`stopping the server: ${String(error)}`);
    }
  }
}

function isRecord(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null;
}

/** Sets the context keys that show and hide menu entries. */
async function setMenuContext(commands: readonly string[], state: 'running' | Absent): Promise<void> {
  await Promise.all([
    setContext('running', state === 'running'),
    setContext('missing', state === 'missing'),
    ...OFFERED.map((name) => setContext(`offers.${name}`, commands.includes(`leanwide.${name}`))),
  ]);
}

async function setContext(key: string, value: boolean): Promise<void> {
  await vscode.commands.executeCommand('setContext', `leanwide.${key}`, value);
}
