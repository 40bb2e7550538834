/** A machine without the server. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Editor } from './harness.mts';

let editor: Editor;

before(async () => {
  const settings = JSON.stringify({ 'leanwide.languages.off': ['markdown'] });
  editor = await Editor.open({ files: { 'a.py': 'a = 1\n', '.vscode/settings.json': settings }, program: '' });
});

after(() => editor.close());

test('without a server one notice says that there is no release yet, and nothing runs by itself', async () => {
  await editor.statusBecomes(/missing/);
  const notices = await editor.sees('a notice', async () => {
    const found = await editor.notices();
    return found.length > 0 ? found : undefined;
  });
  assert.equal(notices.length, 1);
  assert.match(notices.join(), /not installed\. There is no release yet: it is installed from a checkout/);
  assert.equal(await editor.page.locator('.terminal').count(), 0);
  await editor.picture('missing');
});

test('a folder that is no checkout of leanwide is refused, and nothing is installed', async () => {
  await editor.page.locator('.notification-toast .monaco-button', { hasText: 'Choose the Checkout…' }).click();
  const input = editor.page.locator('.quick-input-box input');
  await input.waitFor();
  await editor.page.locator('.quick-input-action .monaco-button', { hasText: 'Install the Server' }).click();
  await editor.sees('the refusal', async () =>
    (await editor.notices()).find((text) => /is no checkout of leanwide/.test(text)),
  );
  assert.equal(await editor.page.locator('.terminal').count(), 0);
  await editor.quickInput.waitFor({ state: 'hidden' });
});

test('the menu of the status bar shows only the commands that work', async () => {
  await editor.page.locator('.statusbar-item', { hasText: 'leanwide' }).click();
  const entries = editor.page.locator('.quick-input-list .monaco-list-row');
  const shown = async () => (await entries.allInnerTexts()).map((text) => text.trim()).join(', ');
  const commands = 'Suggestions On or Off for This Language, Install Server…, Show Log, Restart Server, Settings';
  await editor.sees(`the menu: ${commands}`, async () => (await shown()) === commands || undefined);
  await editor.picture('missing-menu');
});

test('a language is switched off and on in the settings that count', async () => {
  await editor.page.keyboard.press('Escape');
  await editor.quickInput.waitFor({ state: 'hidden' });
  for (const [state, off] of [['off', ['markdown', 'python']], ['on', ['markdown']]] as const) {
    await editor.page.locator('.statusbar-item', { hasText: 'leanwide' }).click();
    await editor.choose('Suggestions On or Off for This Language');
    await editor.sees(`the notice that they are ${state}`, async () =>
      (await editor.notices()).find((notice) => notice.includes(`are ${state} for python`)),
    );
    const settings = JSON.parse(editor.read('.vscode/settings.json')) as Record<string, unknown>;
    assert.deepEqual(settings['leanwide.languages.off'], off);
  }
});
