/** `@leanwide` in the editor's own chat, where the editor has one. */

import * as vscode from 'vscode';

import { endChat, sendMessage } from './chat';
import { plain } from './editor';
import type { Part, Target } from './protocol';
import type { Server } from './server';

/** Registers the participant and its model; does nothing where the editor has no chat. */
export function participant(server: Server, icon: vscode.Uri): vscode.Disposable {
  if (!('chat' in vscode) || !('registerLanguageModelChatProvider' in vscode.lm)) {
    return new vscode.Disposable(() => undefined);
  }
  const made = vscode.chat.createChatParticipant('leanwide.chat', (request, context, stream, token) =>
    answer(server, request, context, stream, token),
  );
  made.iconPath = icon;
  const provided = vscode.lm.registerLanguageModelChatProvider('leanwide', model(server));
  // The editor asks a provider for its models only when one is selected.
  void vscode.lm.selectChatModels({ vendor: 'leanwide' });
  return vscode.Disposable.from(made, provided);
}

async function answer(
  server: Server,
  request: vscode.ChatRequest,
  context: vscode.ChatContext,
  stream: vscode.ChatResponseStream,
  token: vscode.CancellationToken,
): Promise<vscode.ChatResult> {
  const about = request.references.map(({ value }) => referred(value)).find((target) => target !== undefined);
  let id = conversationId(context);
  const onPart = (part: Part): void => {
    id = part.id ?? id;
    stream.markdown(part.text);
  };
  try {
    ({ id } = await sendMessage(server, { message: request.prompt, id, ...about }, { token, onPart }));
  } catch (error) {
    // A stopped answer belongs to the conversation, too.
    if (!token.isCancellationRequested) {
      throw error;
    }
  }
  return { metadata: { id } };
}

function referred(value: unknown): Target | { uri: string } | undefined {
  if (value instanceof vscode.Uri) {
    return { uri: value.toString() };
  }
  return value instanceof vscode.Location
    ? { uri: value.uri.toString(), range: plain(value.range) }
    : undefined;
}

/** Returns the server's id of the conversation, from its newest answer that has one. */
function conversationId({ history }: vscode.ChatContext): string | undefined {
  const answers = history.filter((turn) => turn instanceof vscode.ChatResponseTurn);
  const ids = answers.map(({ result }): unknown => result.metadata?.['id']);
  return ids.findLast((id) => typeof id === 'string');
}

/** Provides the server's model: the editor lets a participant answer only where a model exists. */
function model(server: Server): vscode.LanguageModelChatProvider {
  return {
    provideLanguageModelChatInformation: () => [
      {
        id: 'leanwide',
        name: 'leanwide',
        family: 'leanwide',
        version: '1',
        maxInputTokens: 8192,
        maxOutputTokens: 1024,
        // The model calls no tools. But in agent mode, its default, the editor's chat selects only models that
        // do, and without a selected model it lets no participant answer.
        capabilities: { toolCalling: true },
      },
    ],
    provideLanguageModelChatResponse: async (_model, messages, _options, progress, token) => {
      const message = messages.map(({ content }) => content.map(textOf).join('')).join('\n\n');
      let id: string | undefined;
      const onPart = (part: Part): void => {
        id = part.id ?? id;
        progress.report(new vscode.LanguageModelTextPart(part.text));
      };
      try {
        await sendMessage(server, { message }, { token, onPart });
      } finally {
        await endChat(server, id);
      }
    },
    // An estimate: code has about four characters a token. The server counts exactly.
    provideTokenCount: (_model, text) =>
      Promise.resolve(Math.ceil((typeof text === 'string' ? text : text.content.map(textOf).join('')).length / 4)),
  };
}

function textOf(part: unknown): string {
  return part instanceof vscode.LanguageModelTextPart ? part.value : '';
}
