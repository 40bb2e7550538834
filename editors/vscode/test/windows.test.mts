/** Two windows, as a user opens them for two projects, on one engine. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Editor, PROGRAM } from './harness.mts';
import { LINE, STORE } from './samples.mts';

interface SharedEngine {
  process: number;
  windows: number;
}

const runtime = mkdtempSync(join(tmpdir(), 'leanwide-run-'));
const windows: Editor[] = [];

before(async () => {
  for (const name of ['first.py', 'second.py']) {
    windows.push(await Editor.open({ files: { [name]: STORE }, runtime }));
  }
});

after(async () => {
  await Promise.all(windows.map((window) => window.close()));
  engine('stop');
});

test('both windows get suggestions from one engine process', async () => {
  for (const window of windows) {
    await window.statusBecomes(/experts/);
    await window.goto(LINE, 9);
    await window.type('save(');
    await window.ghostAppears();
  }
  const running = engine('list').engines as SharedEngine[];
  assert.deepEqual(
    running.map(({ windows }) => windows),
    [2],
  );
});

test('a window that is closed leaves the other one its engine', async () => {
  await windows.shift()?.close();
  const [window] = windows;
  assert.ok(window !== undefined);
  await window.type('self.');
  await window.ghostAppears();
});

/** Returns what `leanwide engine` prints. */
function engine(command: string): Record<string, unknown> {
  const env = { ...process.env, XDG_RUNTIME_DIR: runtime };
  const printed = execFileSync(PROGRAM, ['engine', command, '--json'], { env, encoding: 'utf8' });
  return JSON.parse(printed) as Record<string, unknown>;
}
