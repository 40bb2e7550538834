/** What the client costs: the way of a key to the screen, the start, the package. */

import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { Editor, PACKAGE } from './harness.mts';
import { LINE, STORE } from './samples.mts';

/** A statement that somebody types, key by key. */
const TYPED = 'self.settings[name] = value\nself.saved = save(self.path)\n';

/** Milliseconds between two keys: more than the 200 that a suggestion may take. */
const PACE = 300;

/** What the page saw of one key. */
interface Key {
  /** Milliseconds from the key to a frame with a suggestion for it; absent: there was none in time. */
  ms?: number;
  /** Whether it was there as soon as the key had been drawn: typed through. */
  through: boolean;
}

let editor: Editor;

before(async () => {
  editor = await Editor.open({ files: { 'store.py': STORE } });
  await editor.statusBecomes(/experts/);
});

after(() => editor.close());

test('a suggestion follows a key at once', async (context) => {
  await editor.goto(LINE, 9);
  await editor.type('x');
  await editor.ghostAppears();
  await editor.page.keyboard.press('Backspace');
  const keys = await watched(async () => {
    await editor.page.keyboard.type(TYPED, { delay: PACE });
  });
  const shown = keys.filter(({ ms }) => ms !== undefined);
  const fresh = shown.filter(({ through }) => !through);
  context.diagnostic(`key to suggestion in the page, ${keys.length} keys, ${PACE} ms apart: ${summary(shown)}`);
  context.diagnostic(`of these what did not just go on with one that showed already: ${summary(fresh)}`);
  assert.ok(shown.length >= 20, `a suggestion showed after ${shown.length} of ${keys.length} keys`);
});

test('the extension starts at once and is small', async (context) => {
  // The list draws only what there is room for.
  await editor.page.setViewportSize({ width: 1440, height: 3000 });
  await editor.command('Developer: Show Running Extensions');
  const row = editor.page.locator('.runtime-extensions-editor .monaco-list-row', { hasText: 'leanwide' });
  const found = await editor.sees('how long the activation took', async () =>
    /Activation: (\d+)ms/.exec((await row.first().innerText())) ?? undefined,
  );
  const bytes = statSync(PACKAGE).size;
  context.diagnostic(`activation ${found[1] ?? ''} ms, package ${Math.ceil(bytes / 1000)} kB`);
  assert.ok(bytes <= 500_000, `the package has ${bytes} bytes`);
});

/** Lets the page look, frame by frame, what follows each key. */
async function watched(type: () => Promise<void>): Promise<Key[]> {
  await editor.page.evaluate(() => {
    const keys: { ms?: number; through: boolean }[] = [];
    const suggests = (): boolean => document.querySelector('[class*=ghost-text-decoration]') !== null;
    let newest = 0;
    const begin = (): void => {
      const key: (typeof keys)[number] = { through: false };
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
      // The first frame still shows what was there before the key.
      requestAnimationFrame(() => {
        requestAnimationFrame(() => {
          key.through = suggests();
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
  const sorted = keys.flatMap(({ ms }) => (ms === undefined ? [] : [ms])).sort((one, other) => one - other);
  const at = (share: number): string => sorted[Math.floor(share * (sorted.length - 1))]?.toFixed(0) ?? 'none';
  return `${sorted.length} with one, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`;
}
