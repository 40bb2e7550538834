/** Changes that the model proposes: shown with their text, applied, or rejected. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Editor, until } from './harness.mts';

const SUM = `def total(prices):
    result = 0
    for price in prices:
        result += price
    return result


def area(width, height):
    return width * height


def add(a, b):
    result = a + b
    return result
`;
/** Lines with a function; the small model can change at least one of them. */
const FUNCTIONS = [1, 8, 12];
const TYPED = 'add type annotations to parameters, results and attributes.';

let editor: Editor;

before(async () => {
  editor = await Editor.open({ files: { 'taken.py': SUM, 'left.py': SUM, 'tested.py': SUM } });
  await editor.statusBecomes(/experts/);
});

after(() => editor.close());

test('a change from the light bulb is shown with its text, and applied when it is accepted', async () => {
  await proposal(() => editor.lightBulb('Add type annotations with leanwide'));
  await editor.picture('edits-review');
  await editor.lens('Accept All').click();
  await editor.page.waitForSelector('.tab.active[data-resource-name="taken.py"]');
  await editor.save();
  await until('the file is saved', () => Promise.resolve(editor.read('taken.py') !== SUM || undefined));
  await editor.picture('edits-applied');
});

test('rejecting a change leaves the file unchanged, and the model can be asked again', async () => {
  await editor.openFile('left.py');
  await proposal(async () => {
    await editor.command('leanwide: Refactor…');
    await editor.answer(TYPED);
  });
  await editor.lens('Reject All').click();
  await editor.page.waitForSelector('.tab.active[data-resource-name="left.py"]');
  assert.equal(await editor.page.locator('.tab.active.dirty').count(), 0);
  assert.equal(editor.read('left.py'), SUM);
  await editor.sees('the offer to ask again', async () =>
    (await editor.page.locator('.notification-list-item', { hasText: 'Ask Again' }).count()) > 0 || undefined,
  );
  await editor.picture('edits-rejected');
});

test('a test is written to a new file', async () => {
  await editor.openFile('tested.py');
  await proposal(() => editor.command('leanwide: Write Tests'));
  const { preview } = editor;
  await editor.picture('edits-test');
  await preview.locator('.monaco-list-row[aria-level="1"] .edit-checkbox').click();
  await preview.getByText('Apply').click();
  await preview.waitFor({ state: 'hidden' });
  const made = join(editor.folder, 'test_tested.py');
  await editor.sees('there is a test file', () =>
    Promise.resolve((existsSync(made) && editor.read('test_tested.py') !== '') || undefined),
  );
  await editor.picture('edits-tested');
});

/** Asks at one function after the other, until the whole change or a preview is shown. */
async function proposal(ask: () => Promise<void>): Promise<void> {
  for (const line of FUNCTIONS) {
    await editor.clearNotices();
    await editor.goto(line, 5);
    await ask();
    const proposed = await editor.sees('a change, or why there is none', async () => {
      // What is being written is told with the extension's name in front.
      const refused = (await editor.notices()).some((notice) => !notice.startsWith('leanwide: '));
      const shown = (await editor.preview.count()) + (await editor.lens('Reject All').count());
      return shown > 0 || (refused ? false : undefined);
    });
    if (proposed) {
      return;
    }
  }
  throw new Error('the model proposed nothing');
}
