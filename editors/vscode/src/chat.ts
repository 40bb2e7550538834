/** Messages of conversations, which the server knows by their ids. */

import { ErrorCodes, ResponseError } from 'vscode-languageclient/node';

import type { ChatAnswer, Target } from './protocol';
import type { AskOptions, Server } from './server';

/** A message, about code or not; without an id it begins a conversation. */
interface Message extends Partial<Target> {
  message: string;
  id?: string | undefined;
}

/** Sends a message. Where the server does not know the conversation any more, another one begins. */
export async function sendMessage(server: Server, message: Message, options: AskOptions): Promise<ChatAnswer> {
  try {
    return await server.ask<ChatAnswer>('leanwide.chat', message, options);
  } catch (error) {
    const isUnknown = error instanceof ResponseError && error.code === ErrorCodes.InvalidParams;
    if (message.id === undefined || !isUnknown) {
      throw error;
    }
    return server.ask<ChatAnswer>('leanwide.chat', { ...message, id: undefined }, options);
  }
}

/** Ends a conversation in the server, where that still knows it. */
export async function endChat(server: Server, id: string | undefined): Promise<void> {
  if (id !== undefined) {
    await server.ask('leanwide.endChat', { id }).catch(() => undefined);
  }
}
