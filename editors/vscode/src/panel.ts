/** The panel next to the editor: shows a conversation and handles its buttons. */

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

import { Conversation } from './conversation';
import { placeName } from './editor';
import { failure } from './failure';
import { openLink, passable } from './panelLinks';
import type { FromPanel, Shown } from './panelMessages';
import type { Server } from './server';

/** Milliseconds between two renderings of an answer that streams. */
const REFRESH_MS = 60;

export class Panel implements vscode.Disposable {
  readonly conversation: Conversation;
  private view: vscode.WebviewPanel | undefined;
  private refresh: NodeJS.Timeout | undefined;
  private lastEditor = vscode.window.activeTextEditor;
  private readonly disposables: vscode.Disposable[];

  constructor(
    private readonly folder: vscode.Uri,
    server: Server,
  ) {
    this.conversation = new Conversation(server);
    this.disposables = [
      this.conversation.onChange(() => {
        this.refresh ??= setTimeout(() => void this.show(), REFRESH_MS);
      }),
      vscode.window.onDidChangeActiveTextEditor((editor) => {
        this.lastEditor = editor ?? this.lastEditor;
      }),
    ];
  }

  /** Opens the panel next to the editor, which keeps the focus. */
  open(): void {
    if (this.view) {
      this.view.reveal(undefined, true);
      return;
    }
    const view = (this.view = vscode.window.createWebviewPanel(
      'leanwide',
      'leanwide',
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      { enableScripts: true, localResourceRoots: [this.folder] },
    ));
    view.iconPath = vscode.Uri.joinPath(this.folder, 'media', 'icon.svg');
    view.onDidDispose(() => {
      this.view = undefined;
      this.conversation.stop();
    });
    view.webview.onDidReceiveMessage((message: FromPanel) => {
      this.receive(message).catch((error: unknown) => vscode.window.showErrorMessage(failure(error)));
    });
    view.webview.html = page(view.webview, this.folder);
  }

  dispose(): void {
    clearTimeout(this.refresh);
    this.view?.dispose();
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private async receive(message: FromPanel): Promise<void> {
    switch (message.kind) {
      case 'ready':
        return this.show();
      case 'send':
        return this.conversation.send(message.text);
      case 'stop':
        this.conversation.stop();
        return;
      case 'forgetPlace':
        this.conversation.setAbout(undefined);
        return;
      case 'newChat':
        return this.conversation.clear();
      case 'copy':
        return vscode.env.clipboard.writeText(message.text);
      case 'insert':
        return this.insert(message.text);
      case 'open':
        return openLink(message.link, this.lastEditor?.viewColumn);
    }
  }

  private async show(): Promise<void> {
    this.refresh = undefined;
    const { turns, about } = this.conversation;
    const rendered = turns.map(async ({ question, markdown, note }) => ({
      question,
      html: await render(markdown),
      note,
    }));
    const shown: Shown = {
      turns: await Promise.all(rendered),
      busy: this.conversation.busy,
      about: about ? placeName(about) : '',
    };
    await this.view?.webview.postMessage(shown);
  }

  private async insert(text: string): Promise<void> {
    const last = this.lastEditor;
    if (last === undefined || last.document.isClosed) {
      void vscode.window.showInformationMessage('Open the file that the code belongs in first.');
      return;
    }
    const editor = await vscode.window.showTextDocument(last.document, last.viewColumn);
    await editor.edit((edit) => {
      edit.replace(editor.selection, text);
    });
  }
}

/** Renders Markdown as the editor's own preview does. */
async function render(markdown: string): Promise<string> {
  return vscode.commands.executeCommand<string>('markdown.api.render', passable(markdown));
}

function page(webview: vscode.Webview, folder: vscode.Uri): string {
  const nonce = randomBytes(16).toString('base64');
  const script = webview.asWebviewUri(vscode.Uri.joinPath(folder, 'dist', 'view.js')).toString();
  const style = webview.asWebviewUri(vscode.Uri.joinPath(folder, 'media', 'panel.css')).toString();
  const policy = `default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="${policy}">
  <meta name="viewport" content="width=device-width">
  <title>leanwide</title>
  <link rel="stylesheet" href="${style}">
</head>
<body>
  <main>
    <h1 class="hidden">leanwide</h1>
    <div id="turns" role="log" aria-label="Conversation"></div>
    <p id="empty">Select code and choose <b>Explain Selection</b>, or ask a question below.
      The model runs on this machine.</p>
  </main>
  <form id="composer" aria-label="Question">
    <div id="about" hidden><span></span><button type="button" class="icon" title="Ask without this code">×</button></div>
    <textarea id="message" rows="1" placeholder="Ask a follow-up" aria-label="Message"></textarea>
    <div class="bar">
      <button type="button" id="new" class="quiet">New chat</button>
      <button type="button" id="stop" hidden>Stop</button>
      <button type="submit" id="send">Send</button>
    </div>
  </form>
  <script nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}
