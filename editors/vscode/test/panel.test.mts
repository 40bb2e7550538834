/** Explanations and conversations, in the panel and in VS Code's own chat, in several themes. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import axe, { type AxeResults } from 'axe-core';
import type { Locator } from 'playwright-core';

import { Editor } from './harness.mts';
import { LINE, STORE } from './samples.mts';

/** Lines to explain; the small model has no answer for some of them. */
const PLACES = [1, 4, 18];

let editor: Editor;
let turns: Locator;

before(async () => {
  editor = await Editor.open({ files: { 'store.py': STORE }, settings: { 'chat.disableAIFeatures': false } });
  await editor.statusBecomes(/experts/);
});

after(() => editor.close());

test('an explanation streams into the panel, and a follow-up is answered', async () => {
  const [place, answer] = await explanation();
  assert.match(await turns.last().innerText(), new RegExp(`store.py:${place}`));
  assert.notEqual(answer, '');
  await editor.picture('panel-explained');

  const panel = await editor.panel();
  await panel.locator('#message').fill('And then?');
  await panel.locator('#send').click();
  const last = await ended(PLACES.indexOf(place) + 2);
  assert.match(await last.innerText(), /And then\?\s+\S/);
  await editor.picture('panel-chat');
});

for (const theme of ['Light Modern', 'Dark High Contrast', 'Light High Contrast', 'Dark Modern']) {
  test(`in the theme ${theme} everything in the panel can be read and used`, async () => {
    await editor.theme(theme);
    await editor.goto(LINE, 9);
    await editor.type('s');
    await editor.ghostAppears();
    await editor.picture(`theme-${theme.toLowerCase().replaceAll(' ', '-')}`);
    const panel = await editor.panel();
    const { violations } = await panel.evaluate<AxeResults>(`${axe.source}; axe.run()`);
    assert.deepEqual(violations, []);
    await editor.page.keyboard.press('Backspace');
  });
}

test('switching the mode shows in the status bar', async () => {
  await editor.command('leanwide: Switch Mode…');
  await editor.choose('think');
  await editor.goto(LINE, 9);
  await editor.type('x');
  await editor.statusBecomes(/think/);
  await editor.picture('panel-mode');
});

test('@leanwide answers in the chat of VS Code, where there is no other assistant', async () => {
  await editor.command('Chat: Open Chat');
  await editor.page.locator('.interactive-input-part .monaco-editor .view-lines').first().click();
  await editor.type('@leanwide What is a list? ');
  await editor.page.keyboard.press('Enter');
  const answer = editor.page.locator('.interactive-response:not(.chat-response-loading)');
  await editor.sees('the chat has an answer', async () => (await answer.count()) > 0 || undefined);
  assert.equal(await answer.locator('.chat-error-content, .codicon-error').count(), 0);
  await editor.picture('chat');
});

/** Explains one place after the other; returns the first that has an answer, and the answer. */
async function explanation(): Promise<[number, string]> {
  for (const [index, place] of PLACES.entries()) {
    await editor.goto(place, 1);
    await editor.command('leanwide: Explain Selection');
    turns = (await editor.panel()).locator('.turn');
    const turn = await ended(index + 1);
    const text = (await turn.locator('.answer').innerText()).trim();
    if (text !== '') {
      return [place, text];
    }
  }
  throw new Error('the model explained nothing');
}

/** Waits for the end of an answer; `count` is its number in the conversation, from 1. */
async function ended(count: number): Promise<Locator> {
  await editor.sees(`answer ${count} has ended`, async () =>
    ((await turns.count()) === count && (await turns.last().getAttribute('aria-busy')) === 'false') || undefined,
  );
  return turns.last();
}
