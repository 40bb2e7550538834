/** Suggestions in the cells of a notebook. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Editor } from './harness.mts';
import { STORE } from './samples.mts';

const code = (source: string) => ({
  cell_type: 'code',
  execution_count: null,
  metadata: {},
  outputs: [],
  source: source.split(/(?<=\n)/),
});

const NOTEBOOK = JSON.stringify({
  cells: [code(STORE.trimEnd()), code('store = Store("settings.json")\nstore.s')],
  metadata: { language_info: { name: 'python' } },
  nbformat: 4,
  nbformat_minor: 5,
});

let editor: Editor;

before(async () => {
  editor = await Editor.open({ files: { 'store.py': STORE, 'notes.ipynb': NOTEBOOK } });
  await editor.statusBecomes(/experts/);
});

after(() => editor.close());

test('a cell gets suggestions, with the cells above in the prompt', async () => {
  await editor.openFile('notes.ipynb');
  await editor.page.locator('.notebook-editor .cell .view-line', { hasText: 'store.s' }).click();
  await editor.page.keyboard.press('Control+End');
  await editor.type('et');
  const ghost = await editor.ghostAppears();
  await editor.picture('notebook-suggestion');
  assert.ok(ghost.length > 0);
});
