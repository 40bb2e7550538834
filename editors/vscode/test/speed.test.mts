/** The client's cost: package to first suggestion, key to ghost text, activation, size of the package. */

import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { Editor, PACKAGE } from './harness.mts';
import { LINE, STORE } from './samples.mts';

/** The text that is typed, key by key. */
const TYPED = 'self.settings[name] = value\nself.saved = save(self.path)\n';

/** Milliseconds between two keys: more than the 200 that a suggestion may take. */
const PACE = 300;

/** What the page measured for one key. */
interface Key {
  /** Milliseconds from the key to a frame with its suggestion; absent: there was none before the next key. */
  ms?: number;
  /** Whether the suggestion was typed through: it was there when the key was drawn. */
  typedThrough: boolean;
}

let editor: Editor;
let began: number;

before(async () => {
  began = Date.now();
  editor = await Editor.open({ files: { 'store.py': STORE } });
  await editor.statusBecomes(/experts/);
});

after(() => editor.close());

test('most keys get a suggestion before the next key', async (context) => {
  await editor.goto(LINE, 9);
  await editor.type('x');
  await editor.ghostAppears();
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  context.diagnostic(`package installed, VS Code started, first suggestion in the text: ${seconds} s`);
  await editor.page.keyboard.press('Backspace');
  const keys = await watched(async () => {
    await editor.page.keyboard.type(TYPED, { delay: PACE });
  });
  const shown = keys.filter(({ ms }) => ms !== undefined);
  const fresh = shown.filter(({ typedThrough }) => !typedThrough);
  context.diagnostic(`key to suggestion in the page, ${keys.length} keys, ${PACE} ms apart: ${summary(shown)}`);
  context.diagnostic(`of these, not typed through: ${summary(fresh)}`);
  assert.ok(shown.length >= 20, `a suggestion showed after ${shown.length} of ${keys.length} keys`);
});

test('the package is small; the activation time is reported', async (context) => {
  // The list draws only the visible rows.
  await editor.page.setViewportSize({ width: 1440, height: 3000 });
  await editor.command('Developer: Show Running Extensions');
  const row = editor.page.locator('.runtime-extensions-editor .monaco-list-row', { hasText: 'leanwide' });
  const found = await editor.sees('the activation time', async () =>
    /Activation: (\d+)ms/.exec((await row.first().innerText())) ?? undefined,
  );
  const bytes = statSync(PACKAGE).size;
  context.diagnostic(`activation ${found[1] ?? ''} ms, package ${Math.ceil(bytes / 1000)} kB`);
  assert.ok(bytes <= 500_000, `the package has ${bytes} bytes`);
});

/** Measures in the page, frame by frame, the time from each key to its suggestion. */
async function watched(type: () => Promise<void>): Promise<Key[]> {
  await editor.page.evaluate(() => {
    const keys: { ms?: number; typedThrough: boolean }[] = [];
    const suggests = (): boolean => document.querySelector('[class*=ghost-text-decoration]') !== null;
    let newest = 0;
    const begin = (): void => {
      const key: (typeof keys)[number] = { typedThrough: false };
      const start = performance.now();
      const number = ++newest;
      keys.push(key);
      const look = (): void => {
        if (suggests()) {
          key.ms = performance.now() - start;
        } else if (number === newest) {
          requestAnimationFrame(look);
        }
      };
      // The first frame still shows the state before the key.
      requestAnimationFrame(() => {
        requestAnimationFrame(() => {
          key.typedThrough = suggests();
          look();
        });
      });
    };
    document.addEventListener('keydown', begin, { capture: true });
    Object.assign(window, { leanwideKeys: keys });
  });
  await type();
  return editor.page.evaluate<Key[]>('window.leanwideKeys');
}

function summary(keys: Key[]): string {
  const sorted = keys.flatMap(({ ms }) => (ms === undefined ? [] : [ms])).sort((a, b) => a - b);
  const at = (share: number): string => sorted[Math.floor(share * (sorted.length - 1))]?.toFixed(0) ?? 'none';
  return `${sorted.length} with one, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`;
}
