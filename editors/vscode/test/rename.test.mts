/** A renamed parameter, with the next edits that the real server proposes. */

import { after, before, test } from 'node:test';

import { Editor } from './harness.mts';
import { AREA, renameParameter } from './samples.mts';

let editor: Editor;

before(async () => {
  const settings = { 'editor.inlineSuggest.enabled': false, 'editor.quickSuggestions': false };
  editor = await Editor.open({ files: { 'area.py': AREA }, settings });
  await editor.statusBecomes(/experts/);
});

after(() => editor.close());

test('a renamed parameter is carried through its function by Tab, Tab, Tab', async () => {
  await renameParameter(editor);
  await editor.showsNextEdit('go here');
  await editor.picture('next-edit');
  await editor.page.keyboard.press('Tab');
  await editor.showsNextEdit('accept');
  for (const key of ['Tab', 'Tab', 'Tab', 'Tab']) {
    await editor.page.keyboard.press(key);
  }
  // The last one finds no edit, and does what the key does.
  await editor.isSavedAs('area.py', AREA.replaceAll('wide', 'width').replace('width *', 'width     *'));
  await editor.nextEditGone();
});
