/** Suggestions while the user types. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Editor, until } from './harness.mts';
import { LINE, STORE } from './samples.mts';

const NAMES = ['accept.py', 'through.py', 'escape.py', 'killed.py'];

let editor: Editor;

before(async () => {
  editor = await Editor.open({ files: Object.fromEntries(NAMES.map((name) => [name, STORE])) });
  await editor.statusBecomes(/experts/);
});

after(() => editor.close());

test('a suggestion shows while typing, and Tab accepts it', async () => {
  const ghost = await suggestion('save(');
  await editor.picture('typing-suggestion');
  await editor.page.keyboard.press('Tab');
  await editor.ghostGone();
  await editor.save();
  await until('the file is saved', () => Promise.resolve(editor.read('accept.py') !== STORE || undefined));
  assert.ok(editor.read('accept.py').includes(`        save(${ghost}`), editor.read('accept.py'));
  await editor.picture('typing-accepted');
});

test('the statistics count what was accepted', async () => {
  await editor.command('leanwide: Show Menu');
  await editor.choose('Show Statistics');
  const line = editor.page.locator('.quick-input-list .monaco-list-row', { hasText: 'python, code' });
  await line.waitFor();
  assert.match(await line.innerText(), /suggestions: \d+ shown · 1 \(\d+ %\) accepted/);
  await editor.picture('typing-statistics');
  await editor.page.keyboard.press('Escape');
  await editor.quickInput.waitFor({ state: 'hidden' });
});

test('a suggestion stays while it is typed through', async () => {
  await editor.openFile('through.py');
  const ghost = await suggestion('save');
  await editor.type(ghost.slice(0, 3));
  await until('the rest shows', async () => (await editor.ghost()) === ghost.slice(3) || undefined);
  await editor.picture('typing-through');
});

test('Escape removes a suggestion and changes nothing', async () => {
  await editor.openFile('escape.py');
  await suggestion('save');
  await editor.page.keyboard.press('Escape');
  await editor.ghostGone();
  await editor.save();
  const expected = STORE.replace(/ {8}\n$/, '        save\n');
  await until('the file is saved', () => Promise.resolve(editor.read('escape.py') === expected || undefined));
});

test('suggestions return after the engine is killed, with one notice at most', async () => {
  await editor.openFile('killed.py');
  await suggestion('save');
  const [engine] = editor.engines();
  assert.ok(engine !== undefined, 'there is an engine');
  process.kill(engine, 'SIGKILL');
  await editor.type(' = self.');
  await editor.picture('typing-engine-killed');
  await until('another engine runs', () => Promise.resolve(editor.engines().some((id) => id !== engine) || undefined));
  await editor.statusBecomes(/experts/);
  await editor.type('settings');
  await editor.ghostAppears();
  assert.ok((await editor.notices()).length <= 1, (await editor.notices()).join('\n'));
  await editor.picture('typing-engine-back');
});

/** Types at the end of the class and waits for a suggestion. */
async function suggestion(text: string): Promise<string> {
  await editor.goto(LINE, 9);
  await editor.type(text);
  return editor.ghostAppears();
}
