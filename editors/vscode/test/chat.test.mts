/** Conversations in the panel, with a server that has scripted answers. */

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Editor } from './harness.mts';
import { HOLD, scriptedServer } from './scripted.mts';

const home = mkdtempSync(join(tmpdir(), 'leanwide-chat-'));
let editor: Editor;

before(async () => {
  editor = await Editor.open({
    files: { 'a.py': 'a = 1\n' },
    program: scriptedServer(home, [[HOLD, 'Late.'], ['The second answer.'], ['The third answer.']]),
    settings: { 'editor.inlineSuggest.enabled': false, 'leanwide.completion.followCursor': false },
  });
  await editor.statusBecomes(/lean/);
});

after(() => editor.close());

test('a chat goes on after its first answer is stopped before its first word', async () => {
  await editor.command('leanwide: Chat');
  const panel = await editor.panel();
  const say = async (message: string) => {
    await panel.locator('#message').fill(message);
    await panel.locator('#message').press('Enter');
  };
  await say('Hello?');
  // By the keyboard: a notice may lie over the button.
  await panel.locator('#stop:visible').press('Enter');
  await panel.locator('.turn', { hasText: 'Stopped.' }).waitFor();
  await say('And now?');
  await panel.locator('.turn', { hasText: 'The second answer.' }).waitFor();
  await say('And then?');
  await panel.locator('.turn', { hasText: 'The third answer.' }).waitFor();
});
