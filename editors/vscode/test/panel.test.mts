/** Explanations and conversations in the panel. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Editor } from './harness.mts';

const FILE = `def load(path):
    """Read the settings file."""
    with open(path) as file:
        return file.read()
`;

let editor: Editor;

before(async () => {
  editor = await Editor.open({ files: { 'load.py': FILE } });
  await editor.statusBecomes(/experts/);
});

after(() => editor.close());

test('an explanation streams into the panel, and a follow-up goes on', async () => {
  await editor.goto(3, 9);
  await editor.command('leanwide: Explain Selection');
  const panel = await editor.panel();
  const answers = panel.locator('.turn:not(.busy) .answer');
  const ended = (count: number) => async () => (await answers.count()) >= count || undefined;
  await editor.sees('the explanation has ended', ended(1));
  await editor.picture('panel-explained');

  await panel.locator('#message').fill('And then?');
  await panel.locator('#send').click();
  await editor.sees('the answer has ended', ended(2));
  assert.ok((await answers.allInnerTexts()).every((text) => text.trim()));
  await editor.picture('panel-chat');
});

test('the mode is switched, and the status bar says so', async () => {
  await editor.command('leanwide: Switch Mode…');
  await editor.choose('think');
  await editor.goto(5, 1);
  await editor.type('x = load(');
  await editor.statusBecomes(/think/);
  await editor.picture('panel-mode');
});
