/** Next edits, from a server that proposes what the tests want. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Editor } from './harness.mts';
import { AREA, renameParameter } from './samples.mts';
import { program } from './scripted.mts';

const FAR = `first = 1\n${'\n'.repeat(100)}last = "old"\n`;
const USE = 'from names import old_name\n\n\nprint(old_name())\n';
const NAMES = 'def old_name():\n    return 1\n';
const BLOCK = 'if ready:\n    start()\n\nprint("done")\n';
const OPEN = '    start()\n';
const WITH = '    with lock:\n        start()\n';
const GHOST = 'width + height';

const SCRIPT = {
  edits: [
    { old: '(wide)', new: '(width)' },
    { old: '", wide,', new: '", width,' },
    { old: ' wide *', new: ' width *' },
    { old: '"old"', new: '"new"' },
    { old: '"slow"', new: '"quick"' },
    { old: 'old_name()', new: 'new_name()', file: 'use.py' },
    { old: OPEN, new: WITH },
    { old: 'value = 1', new: 'value = 1\nprint(value)' },
  ],
  ghost_after: 'total = ',
  ghost: GHOST,
};

const home = mkdtempSync(join(tmpdir(), 'leanwide-next-edit-'));
const log = join(home, 'log');
let editor: Editor;

before(async () => {
  editor = await Editor.open({
    files: {
      ...Object.fromEntries(['undo.py', 'escape.py', 'off.py'].map((name) => [name, AREA])),
      ...{ 'ghost.py': 'speed = "slow"\n\n', 'far.py': FAR, 'block.py': BLOCK, 'names.py': NAMES, 'use.py': USE },
      'end.py': 'first = 0\nvalue = 1',
    },
    program: scriptedServer(),
    settings: { 'leanwide.completion.followCursor': false, 'editor.quickSuggestions': false },
  });
  await editor.statusBecomes(/lean/);
});

after(() => editor.close());

test('undo takes one accepted edit back, and it does not come again', async () => {
  await editor.openFile('undo.py');
  await rename();
  await editor.page.keyboard.press('Tab');
  await shows('accept');
  await editor.page.keyboard.press('Tab');
  await editor.shows('check(width)');
  await editor.page.keyboard.press('Escape');
  await gone();
  await editor.page.keyboard.press('Control+z');
  await editor.isSavedAs('undo.py', AREA.replace('wide', 'width'));
  await gone();
});

test('Escape dismisses an edit, and Tab indents again', async () => {
  await editor.openFile('escape.py');
  await rename();
  const rejected = events('rejected');
  await editor.page.keyboard.press('Escape');
  await gone();
  await editor.sees('the server knows', () => Promise.resolve(events('rejected') > rejected || undefined));
  await editor.goto(3, 1);
  await editor.page.keyboard.press('Tab');
  await editor.isSavedAs('escape.py', AREA.replace('wide', 'width').replace('    check', '        check'));
});

test('ghost text goes first: Tab accepts it, and Escape shows the edit that waits', async () => {
  await editor.openFile('ghost.py');
  await editor.goto(2, 1);
  await editor.type('total = ');
  assert.equal(await editor.ghostAppears(), GHOST);
  await editor.page.waitForTimeout(600);
  await gone();
  await editor.page.keyboard.press('Escape');
  await editor.ghostGone();
  await shows('go here');
  await editor.page.keyboard.press('Enter');
  await editor.type('total = ');
  await editor.ghostAppears();
  await editor.page.keyboard.press('Tab');
  await editor.isSavedAs('ghost.py', `speed = "slow"\ntotal = \ntotal = ${GHOST}\n`);
});

test('what is out of sight is named at the cursor, and Tab goes there', async () => {
  await editor.openFile('far.py');
  await editor.goto(1, 10);
  await editor.type('0');
  await shows('next edit in line 102');
  await editor.picture('next-edit-far');
  await editor.page.keyboard.press('Tab');
  await shows('accept');
  await editor.page.keyboard.press('Tab');
  await editor.isSavedAs('far.py', FAR.replace('1', '10').replace('old', 'new'));
});

test('Tab goes to an edit of another file', async () => {
  await editor.openFile('names.py');
  await editor.goto(1, 5);
  await editor.page.keyboard.press('Delete');
  await editor.page.keyboard.press('Delete');
  await editor.page.keyboard.press('Delete');
  await editor.type('new');
  await shows('next edit in line 4 of use.py');
  await editor.picture('next-edit-other-file');
  await editor.page.keyboard.press('Tab');
  await editor.page.waitForSelector('.tab.active[data-resource-name="use.py"]');
  await shows('accept');
  await editor.page.keyboard.press('Tab');
  await editor.isSavedAs('use.py', USE.replace('old_name()', 'new_name()'));
});

test('new lines show beside the old ones', async () => {
  await editor.openFile('block.py');
  await editor.goto(4, 14);
  await editor.type('  ');
  await shows('go here');
  await editor.picture('next-edit-lines');
  await editor.page.keyboard.press('Tab');
  await shows('accept');
  await editor.page.keyboard.press('Tab');
  await editor.isSavedAs('block.py', `${BLOCK.replace(OPEN, WITH).trimEnd()}  \n`);
});

test('a line after the last one is gone to and accepted', async () => {
  await editor.openFile('end.py');
  await editor.goto(1, 10);
  await editor.type('1');
  await shows('go here');
  await editor.page.keyboard.press('Tab');
  await shows('accept');
  await editor.page.keyboard.press('Tab');
  await editor.isSavedAs('end.py', 'first = 01\nvalue = 1\nprint(value)');
});

test('an edit gives way to a selection, and to the switch for this session', async () => {
  await editor.openFile('off.py');
  await rename();
  await editor.page.keyboard.press('Shift+ArrowLeft');
  await gone();
  await editor.page.keyboard.press('ArrowRight');
  await shows('go here');
  await editor.command('leanwide: Turn Next Edit Off or On for This Session');
  await gone();
  await editor.type('s');
  await editor.page.waitForTimeout(600);
  await gone();
  await editor.command('leanwide: Turn Next Edit Off or On for This Session');
  await editor.type('s');
  await shows('go here');
});

/** Renames the parameter in the first line, and waits for the next edit. */
async function rename(): Promise<void> {
  await renameParameter(editor);
  await shows('go here');
}

function shows(text: string): Promise<void> {
  return editor.showsNextEdit(text);
}

function gone(): Promise<void> {
  return editor.nextEditGone();
}

/** Returns how often the editor told the server of an event. */
function events(name: string): number {
  return readFileSync(log, 'utf8').split('\n').filter((line) => line === name).length;
}

/** Returns the program of the scripted server. */
function scriptedServer(): string {
  writeFileSync(log, '');
  return program(home, [join(import.meta.dirname, '../../../tests/editors/next_edit_server.py'), JSON.stringify(SCRIPT), log]);
}
