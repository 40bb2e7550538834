/** Starts that fail and stops that take too long: the server can be started again. */

import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Editor, PROGRAM } from './harness.mts';

const program = join(mkdtempSync(join(tmpdir(), 'leanwide-start-')), 'leanwide');
let editor: Editor;

before(async () => {
  editor = await Editor.open({ files: { 'a.py': 'a = 1\n' }, program });
});

after(() => editor.close());

test('a server that could not be started runs after a restart', async () => {
  await editor.statusBecomes(/stopped/);
  writeFileSync(program, `#!/bin/sh\nexec '${PROGRAM}' "$@"\n`, { mode: 0o755 });
  await editor.command('leanwide: Restart Server');
  await editor.statusBecomes(/experts/);
});

test('a server that does not stop in time is replaced', async () => {
  const [before] = editor.servers();
  assert.ok(before !== undefined, 'there is a server');
  process.kill(before, 'SIGSTOP');
  await editor.command('leanwide: Restart Server');
  await editor.sees('another server', () =>
    Promise.resolve(editor.servers().some((id) => id !== before) || undefined),
  );
  await editor.statusBecomes(/experts/);
});
