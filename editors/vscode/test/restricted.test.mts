/** An untrusted folder whose settings name a program, a model and a lane. */

import assert from 'node:assert/strict';
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Editor } from './harness.mts';

const TEXT = 'def load(path):\n    with open(path) as file:\n        return file.read()\n\n\n';

let editor: Editor;

before(async () => {
  editor = await Editor.open({
    files: {
      'load.py': TEXT,
      '.vscode/settings.json': JSON.stringify({
        'leanwide.server.path': '${workspaceFolder}/trap',
        'leanwide.model.path': '/nowhere/trap.gguf',
        'leanwide.modes.code.lane': 'wide',
      }),
      trap: '#!/bin/sh\ntouch "$(dirname "$0")/sprung"\n',
    },
    restricted: true,
  });
  chmodSync(join(editor.folder, 'trap'), 0o755);
});

after(() => editor.close());

test('in a restricted folder there are suggestions, with the user settings only', async () => {
  await editor.statusBecomes(/experts/);
  await editor.goto(5, 1);
  await editor.type('def size(path):\n    return len(');
  await editor.ghostAppears();
  await editor.statusBecomes(/code · lean/);
  assert.deepEqual(await editor.notices(), []);
  await editor.picture('restricted');
});

test('the server does not run in the open folder', () => {
  const folders = editor.workingFolders();
  assert.ok(folders.length > 0);
  assert.ok(!folders.some((folder) => folder.startsWith(editor.folder)), folders.join());
});

test('in a trusted folder its budgets count, but not its program and model', async () => {
  const before = editor.engines();
  await editor.command('Workspaces: Manage Workspace Trust');
  const question = editor.page.locator('.monaco-modal-editor-block');
  await question.getByText('Trust', { exact: true }).click();
  await question.locator('.workspace-trust-editor.trusted').waitFor();
  await question.locator('[aria-label^="Close"]').first().click();
  await question.waitFor({ state: 'hidden' });
  await editor.sees('the server has restarted', () =>
    Promise.resolve(editor.engines().some((id) => !before.includes(id)) || undefined),
  );
  await editor.statusBecomes(/experts/);
  await editor.goto(7, 1);
  // The server restarts for the trust and again for the settings; a key in between gets no answer.
  await editor.sees('a key is answered', async () => {
    await editor.type('w');
    await sleep(1000);
    return /code · wide/.test(await editor.status()) || undefined;
  });
  await editor.statusBecomes(/code · wide/);
  assert.ok(!existsSync(join(editor.folder, 'sprung')), 'the program of the folder ran');
  await editor.picture('restricted-trusted');
});
