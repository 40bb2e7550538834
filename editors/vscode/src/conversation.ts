/** One conversation: its turns, and the answer that is being generated. */

import * as vscode from 'vscode';

import { endChat, sendMessage } from './chat';
import { placeName } from './editor';
import type { Turn } from './panelMessages';
import { failure } from './failure';
import type { Answer, Part, Target } from './protocol';
import type { Server } from './server';

export class Conversation {
  readonly turns: (Turn & { markdown: string })[] = [];
  /** The code that the next message is about. */
  about: Target | undefined;
  private id: string | undefined;
  private running: vscode.CancellationTokenSource | undefined;
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onChange = this.changed.event;

  constructor(private readonly server: Server) {
    // A new server process does not know the conversation; its turns stay readable here.
    server.onEnd(() => (this.id = undefined));
  }

  get busy(): boolean {
    return this.running !== undefined;
  }

  /** Asks for an explanation; the next message is about the same code. */
  async explain(target: Target): Promise<void> {
    await this.answer(`Explain ${placeName(target)}`, (options) =>
      this.server.ask<Answer>('leanwide.explain', target, options),
    );
    this.setAbout(target);
  }

  /** Sends a message; the server remembers the ones before. */
  async send(message: string): Promise<void> {
    const { about, id } = this;
    this.setAbout(undefined);
    await this.answer(message, async (options) => {
      const answer = await sendMessage(this.server, { message, id, ...about }, options);
      this.id = answer.id;
      return answer;
    });
  }

  /** Sets the code that the next message is about. */
  setAbout(target: Target | undefined): void {
    this.about = target;
    this.changed.fire();
  }

  /** Cancels the answer that is being generated. */
  stop(): void {
    this.running?.cancel();
  }

  /** Forgets everything, here and in the server. */
  async clear(): Promise<void> {
    this.stop();
    const id = this.id;
    this.id = undefined;
    this.turns.length = 0;
    this.setAbout(undefined);
    await endChat(this.server, id);
  }

  private async answer(
    question: string,
    ask: (options: { token: vscode.CancellationToken; onPart: (part: Part) => void }) => Promise<Answer>,
  ): Promise<void> {
    this.stop();
    const running = (this.running = new vscode.CancellationTokenSource());
    const turn = { question, markdown: '', html: '', note: '' };
    this.turns.push(turn);
    this.changed.fire();
    const onPart = (part: Part): void => {
      this.id = part.id ?? this.id;
      turn.markdown += part.text;
      this.changed.fire();
    };
    try {
      turn.markdown = (await ask({ token: running.token, onPart })).markdown;
      turn.note = isBlank(turn.markdown) ? 'The model said nothing. Ask in other words.' : '';
    } catch (error) {
      turn.note = running.token.isCancellationRequested ? 'Stopped.' : failure(error);
    }
    if (this.running === running) {
      this.running = undefined;
    }
    this.changed.fire();
  }
}

/** Whether an answer has no text: a small model may open a code block and close it at once. */
function isBlank(markdown: string): boolean {
  return markdown.replaceAll(/^\s*```.*$/gm, '').trim() === '';
}
