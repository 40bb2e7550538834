/** Two windows, as a user opens them for two projects, and a Neovim, on one engine. */

import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

import { Editor, PROGRAM } from './harness.mts';
import { LINE, STORE } from './samples.mts';

interface SharedEngine {
  process: number;
  windows: number;
}

const runtime = mkdtempSync(join(tmpdir(), 'leanwide-run-'));
/** What belongs to Neovim; the cache in it is that of all, as the cache of one user is. */
const home = mkdtempSync(join(tmpdir(), 'leanwide-home-'));
const cache = { XDG_CACHE_HOME: join(home, 'CACHE') };
const shared = { ...process.env, XDG_RUNTIME_DIR: runtime };
const windows: Editor[] = [];
let neovim: ChildProcess | undefined;

before(async () => {
  for (const name of ['first.py', 'second.py']) {
    windows.push(await Editor.open({ files: { [name]: STORE }, runtime, environment: cache }));
  }
});

after(async () => {
  neovim?.kill();
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
  assert.deepEqual(clients(), [2]);
});

test('a Neovim gets its suggestions from the same engine', async () => {
  neovim = spawn(join(dirname(PROGRAM), 'python'), ['-m', 'tests.editors.neovim_window', home], {
    cwd: join(import.meta.dirname, '../../..'),
    env: shared,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  assert.ok(neovim.stdout !== null);
  const [printed] = (await once(neovim.stdout, 'data')) as [Buffer];
  assert.notEqual((JSON.parse(printed.toString()) as { suggestion: string }).suggestion, '');
  assert.deepEqual(clients(), [3]);
});

test('a window that is closed leaves the other one its engine', async () => {
  await windows.shift()?.close();
  const [window] = windows;
  assert.ok(window !== undefined);
  await window.type('self.');
  await window.ghostAppears();
});

/** Returns how many windows each engine serves. */
function clients(): number[] {
  return (engine('list').engines as SharedEngine[]).map(({ windows }) => windows);
}

/** Returns what `leanwide engine` prints. */
function engine(command: string): Record<string, unknown> {
  const printed = execFileSync(PROGRAM, ['engine', command, '--json'], { env: shared, encoding: 'utf8' });
  return JSON.parse(printed) as Record<string, unknown>;
}
