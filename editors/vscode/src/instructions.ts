/** Instructions of the user, of which the last one is recalled. */

import * as vscode from 'vscode';

const LAST = 'lastInstruction';

export class Instructions {
  constructor(private readonly memory: vscode.Memento) {}

  /** Asks for an instruction; the last one stands there, selected. Undefined where the user cancels. */
  async ask(title: string): Promise<string | undefined> {
    const given = await vscode.window.showInputBox({
      title,
      prompt: 'What should change, or be written here?',
      placeHolder: 'Use a dataclass',
      value: this.memory.get<string>(LAST),
    });
    if (given === undefined || given.trim() === '') {
      return undefined;
    }
    await this.memory.update(LAST, given);
    return given;
  }
}

/** Asks what should be different. Undefined where the user cancels; it may be empty. */
export async function askHint(): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: 'Ask Again',
    prompt: 'What should be different? Leave it empty for another way.',
  });
}
