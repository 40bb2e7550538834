/** A model is chosen, downloaded from a hub on this machine, cancelled, and used. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

import { Editor, PROGRAM } from './harness.mts';

const NAME = 'qwen2.5-coder-0.5b-q4_k_m';
const ROOT = join(import.meta.dirname, '../../..');

let hub: ChildProcess;
let editor: Editor;

before(async () => {
  hub = spawn(join(dirname(PROGRAM), 'python'), ['-m', 'tests.editors.hub'], {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const home = mkdtempSync(join(tmpdir(), 'leanwide-models-'));
  editor = await Editor.open({
    files: { 'load.py': 'def load(path):\n    with open(path) as file:\n        return file.read()\n\n\n' },
    environment: { HF_ENDPOINT: await said(), HF_HOME: join(home, 'hub'), XDG_DATA_HOME: join(home, 'data') },
  });
});

after(async () => {
  await editor.close();
  hub.kill();
});

test('nothing is downloaded before the size is agreed to', async () => {
  await ask();
  await editor.page.evaluate('Promise.all(document.getAnimations().map((each) => each.finished))');
  await editor.picture('model-choice');
  await pick(NAME);
  await dialog(/0\.5 GB, under the licence Apache-2\.0/);
  await editor.picture('model-size');
  await editor.page.keyboard.press('Escape');
  await editor.page.locator('.monaco-dialog-box').waitFor({ state: 'hidden' });
  assert.deepEqual(await editor.notices(), []);
  assert.equal(editor.machineSettings()['leanwide.model.path'], undefined);
});

test('a download shows its progress, is cancelled, and goes on when the model is chosen again', async () => {
  await tell('slow');
  await download();
  await editor.sees('the progress', async () =>
    (await editor.notices()).find((text) => /\d+ %, fetching, .* of 19\.9 MB/.test(text)),
  );
  await editor.picture('model-progress');
  await editor.page.locator('.notification-toast .monaco-button', { hasText: 'Cancel' }).click();
  await editor.sees('that it stopped', async () =>
    (await editor.notices()).find((text) => text.includes(`The download of ${NAME} is stopped. Choose it again`)),
  );
  await editor.clearNotices();

  await tell('fast');
  await download();
  await editor.sees('that it is used', async () =>
    (await editor.notices()).find((text) =>
      text.includes(`leanwide uses ${NAME}. Changed in your settings: leanwide.model.path.`),
    ),
  );
  await editor.picture('model-used');
  const path = editor.machineSettings()['leanwide.model.path'];
  assert.ok(typeof path === 'string' && existsSync(path), String(path));
});

test('the chosen model completes, and the embedded one can be chosen again', async () => {
  await editor.clearNotices();
  await editor.goto(5, 1);
  await editor.type('def size(path):\n    return len(');
  await editor.ghostAppears();
  await ask();
  await pick('The embedded model');
  await editor.sees('that it is used', async () =>
    (await editor.notices()).find((text) => text.includes('leanwide uses the embedded model.')),
  );
  assert.equal(editor.machineSettings()['leanwide.model.path'], '');
});

async function ask(): Promise<void> {
  await editor.command('leanwide: Choose a Model…');
  await editor.sees('the models', async () => (await editor.page.getByText('on this machine').count()) > 0 || undefined);
}

async function pick(name: string): Promise<void> {
  await editor.quickInput.fill(name);
  await editor.choose(name);
}

async function download(): Promise<void> {
  await ask();
  await pick(NAME);
  await dialog(/Download/);
  await editor.page.locator('.monaco-dialog-box .monaco-button', { hasText: 'Download' }).click();
}

async function dialog(pattern: RegExp): Promise<void> {
  const box = editor.page.locator('.monaco-dialog-box');
  await editor.sees(`a dialog with ${pattern.source}`, async () =>
    (await box.count()) > 0 && pattern.test((await box.textContent()) ?? '') ? true : undefined,
  );
}

async function tell(how: 'slow' | 'fast'): Promise<void> {
  hub.stdin?.write(`${how}\n`);
  assert.equal(await said(), how);
}

async function said(): Promise<string> {
  assert.ok(hub.stdout);
  const [line] = (await once(hub.stdout, 'data')) as [Buffer];
  return line.toString().trim();
}
