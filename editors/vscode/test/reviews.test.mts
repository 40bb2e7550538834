/** Changes that show while the model writes, in a server with scripted answers. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { Editor } from './harness.mts';
import { HOLD, scriptedServer } from './scripted.mts';

const OPEN = '    file = open(path)\n    return file.read()\n';
const WITH = '    with open(path) as file:\n        return file.read()\n';
const PRODUCT = '    return width * height\n';
const SWAPPED = '    return height * width\n';
const TEXT = `def load(path):
${OPEN}

def area(width, height):
    # The area of a rectangle,
    # in square metres.
${PRODUCT}

def add(a, b):
    return a + b
`;
const ADD = 'def add(a, b):\n    return a + b\n';
const FILES = ['taken.py', 'stopped.py', 'again.py', 'here.py', 'told.py', 'moved.py', 'changed.py'];
/** The text after a first change that adds lines, and a second one. */
const LONGER = TEXT.replace(OPEN, `    # one\n    # two\n    # three\n${OPEN}`);
const FLOAT = '    return 1.0 * height * width\n';

/** An answer for the first nine lines that stands still when its first change is settled. */
const SLOW = [
  ...['```python\n', 'def load(path):\n', WITH, '\n\n', 'def area(width, height):\n'],
  ...['    # The area of a rectangle,\n', '    # in square metres.\n', HOLD, SWAPPED, '```\n'],
];
/** VS Code itself reports the missing value. */
const BROKEN = '{\n  "port": ,\n  "host": "here"\n}\n';
const FIXED = BROKEN.replace(' ,', ' 80,');
const ANSWERS = [
  SLOW,
  SLOW,
  fenced(ADD.replace('a + b', 'b + a')),
  fenced(ADD.replace('a + b', 'sum([a, b])')),
  fenced('def has(name):\n    return True\n'),
  ['Return the sum.', '"""\n'], // the answer is begun with the head and the opening quotes
  ['```json\n', FIXED, '```\n'],
  fenced(beginning(LONGER.replace(PRODUCT, SWAPPED), 12)),
  fenced(beginning(LONGER.replace(PRODUCT, FLOAT), 12)),
  fenced(ADD.replace('a + b', 'b + a')),
];

const home = mkdtempSync(join(tmpdir(), 'leanwide-scripted-'));
const go = join(home, 'go');
let editor: Editor;

before(async () => {
  editor = await Editor.open({
    files: { ...Object.fromEntries(FILES.map((name) => [name, TEXT])), 'broken.json': BROKEN },
    program: scriptedServer(home, ANSWERS),
    settings: { 'editor.inlineSuggest.enabled': false, 'leanwide.completion.followCursor': false },
  });
  await editor.statusBecomes(/lean/);
});

beforeEach(() => {
  rmSync(go, { force: true });
});

after(() => editor.close());

test('a change shows while the model writes, and is accepted in parts', async () => {
  await select(1, 9);
  await instruct('use with, and swap the factors');
  await editor.shows('with open(path) as file:');
  await editor.lens('Accept').click();
  await editor.lens('Accepted').waitFor();
  await editor.picture('reviews-writing');
  assert.equal(editor.read('taken.py'), TEXT);

  writeFileSync(go, '');
  await editor.shows('return height * width');
  await editor.lens('Reject').waitFor();
  await editor.picture('reviews-review');
  await editor.lens('Reject').click();
  await editor.isSavedAs('taken.py', TEXT.replace(OPEN, WITH));
  await editor.picture('reviews-accepted');
  await editor.page.keyboard.press('Control+z');
  await editor.isSavedAs('taken.py', TEXT);
});

test('stopping the model keeps what was accepted, and leaves the rest out', async () => {
  await editor.openFile('stopped.py');
  await select(1, 9);
  await instruct('use with, and swap the factors');
  await editor.lens('Accept').click();
  await editor.lens('Accepted').waitFor();
  await editor.lens('Stop').click();
  await editor.isSavedAs('stopped.py', TEXT.replace(OPEN, WITH));
});

test('what was rejected is asked for again with a hint', async () => {
  await editor.openFile('again.py');
  await editor.goto(13, 1);
  await instruct('another way');
  await editor.shows('return b + a');
  await editor.lens('Ask Again').click();
  await editor.answer('use sum');
  await editor.shows('return sum([a, b])');
  await editor.page.keyboard.press('Control+Enter');
  await editor.isSavedAs('again.py', TEXT.replace('a + b', 'sum([a, b])'));
});

test('an instruction on a blank line is written there', async () => {
  await editor.openFile('here.py');
  await editor.goto(4, 1);
  await instruct('write has(name)');
  await editor.shows('def has(name):');
  await editor.picture('reviews-here');
  await editor.lens('Accept').click();
  await editor.isSavedAs('here.py', TEXT.replace('\n\n\n', '\n\n\ndef has(name):\n    return True\n\n\n'));
});

test('documentation is written above the code', async () => {
  await editor.openFile('told.py');
  await editor.goto(13, 1);
  await editor.command('leanwide: Document');
  await editor.shows('"""Return the sum."""');
  await editor.lens('Accept').click();
  await editor.isSavedAs('told.py', TEXT.replace('b):\n', 'b):\n    """Return the sum."""\n'));
});

test('fix takes what another tool reports about the line of the cursor', async () => {
  await editor.openFile('broken.json');
  await editor.page.locator('.squiggly-error').first().waitFor();
  await editor.goto(2, 1);
  await editor.command('leanwide: Fix');
  await editor.shows('"port": 80,');
  await editor.picture('reviews-fix');
  await editor.lens('Accept').click();
  await editor.isSavedAs('broken.json', FIXED);
});

test('what is asked for again is about the lines that an accepted part moved', async () => {
  await editor.openFile('moved.py');
  await select(1, 9);
  await instruct('explain, and swap the factors');
  await editor.shows('return height * width');
  await editor.lens('Accept').click();
  await editor.lens('Accepted').waitFor();
  await editor.lens('Ask Again').click();
  await editor.answer('by a float');
  await editor.shows(FLOAT.trim());
  await editor.page.keyboard.press('Control+Enter');
  await editor.isSavedAs('moved.py', LONGER.replace(PRODUCT, FLOAT));
});

test('a change of a file that was changed meanwhile is not applied, and can be asked for again', async () => {
  await editor.openFile('changed.py');
  await editor.goto(13, 1);
  await instruct('another way');
  await editor.shows('return b + a');
  await editor.openFile('changed.py');
  await editor.goto(1, 1);
  await editor.type('# ');
  await editor.page.locator('.tab', { hasText: 'changed.py (leanwide)' }).click();
  await editor.lens('Accept All').click();
  await editor.sees('why nothing was edited', async () =>
    (await editor.notices()).find((notice) => notice.includes('nothing was edited')),
  );
  await editor.page.locator('.notification-list-item', { hasText: 'nothing was edited' }).getByText('Ask Again').waitFor();
  await editor.isSavedAs('changed.py', `# ${TEXT}`);
});

/** Selects whole lines, counted from 1. */
async function select(first: number, last: number): Promise<void> {
  await editor.goto(first, 1);
  for (let line = first; line <= last; line += 1) {
    await editor.page.keyboard.press('Shift+ArrowDown');
  }
}

/** Asks for a change by the keys that the extension brings. */
async function instruct(text: string): Promise<void> {
  await editor.page.keyboard.press('Control+k');
  await editor.page.keyboard.press('Control+e');
  await editor.answer(text);
}

/** Returns the first lines of a text. */
function beginning(text: string, count: number): string {
  return text.split('\n').slice(0, count).join('\n') + '\n';
}

function fenced(code: string): string[] {
  return [`\`\`\`python\n${code}\`\`\`\n`];
}
