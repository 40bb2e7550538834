/** Changes that the model proposes: previewed, applied in part, or discarded. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import type { Locator } from 'playwright-core';

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

test('a change from the light bulb is previewed, and the ticked part is applied', async () => {
  const preview = await proposal(() => editor.lightBulb('Add type annotations with leanwide'));
  const parts = preview.locator('.monaco-list-row[aria-level="2"]');
  const last = (await parts.count()) - 1;
  const wanted = await inserted(parts.nth(last));
  const unwanted = last > 0 ? await inserted(parts.first()) : [];
  await parts.nth(last).locator('.edit-checkbox').click();
  await editor.picture('edits-preview');
  await preview.getByText('Apply').click();
  await preview.waitFor({ state: 'hidden' });
  await editor.save();
  await until('the file is saved', () => Promise.resolve(editor.read('taken.py') !== SUM || undefined));
  const lines = editor.read('taken.py').split('\n').map((line) => line.trim());
  assert.ok(wanted.every((line) => lines.includes(line)), lines.join('\n'));
  assert.ok(unwanted.every((line) => wanted.includes(line) || !lines.includes(line)), lines.join('\n'));
  await editor.picture('edits-applied');
});

test('discarding a change leaves the file unchanged', async () => {
  await editor.openFile('left.py');
  const preview = await proposal(async () => {
    await editor.command('leanwide: Refactor…');
    await editor.answer(TYPED);
  });
  await preview.locator('.monaco-list-row[aria-level="1"] .edit-checkbox').click();
  await preview.locator('.monaco-list-row[aria-level="2"]').first().click();
  await editor.sees('the difference', async () =>
    (await editor.page.locator('.monaco-diff-editor:visible').count()) > 0 || undefined,
  );
  await editor.picture('edits-difference');
  await preview.getByText('Discard').click();
  await preview.waitFor({ state: 'hidden' });
  assert.equal(await editor.page.locator('.tab.active.dirty').count(), 0);
  await editor.save();
  assert.equal(editor.read('left.py'), SUM);
  await editor.picture('edits-discarded');
});

test('a test is written to a new file', async () => {
  await editor.openFile('tested.py');
  const preview = await proposal(() => editor.command('leanwide: Write Tests'));
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

/** Asks at one function after the other, and returns the first preview. */
async function proposal(ask: () => Promise<void>): Promise<Locator> {
  for (const line of FUNCTIONS) {
    await editor.clearNotices();
    await editor.goto(line, 5);
    await ask();
    const proposed = await editor.sees('a preview, or why there is none', async () => {
      const refused = (await editor.notices()).some((notice) => !notice.endsWith('…'));
      return (await editor.preview.count()) > 0 || (refused ? false : undefined);
    });
    if (proposed) {
      return editor.preview;
    }
  }
  throw new Error('the model proposed nothing');
}

/** Returns the lines that a part of a preview inserts, without white space around them. */
async function inserted(part: Locator): Promise<string[]> {
  const text = (await part.locator('.insert').allTextContents()).join('');
  return text
    .split('⏎')
    .map((line) => line.replaceAll('\u00a0', ' ').trim())
    .filter((line) => line !== '');
}
