/** How changes of a text move a range; needs no editor. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Replacement, shifted } from '../src/shift.ts';

const TEXT = 'aa\nbb\ncc\ndd\n';

for (const [what, change, expected] of [
  ['lines above', replacement(0, 0, 0, 0, 'x\ny\n'), 'bb\ncc\n'],
  ['a change that ends where it begins', replacement(0, 0, 1, 0, 'x\n'), 'bb\ncc\n'],
  ['a word in its first line', replacement(1, 0, 1, 2, 'x'), 'x\ncc\n'],
  ['more lines in the place of its first one', replacement(1, 0, 2, 0, 'x\ny\n'), 'x\ny\ncc\n'],
  ['more lines in the place of its last one', replacement(2, 0, 3, 0, 'x\ny\n'), 'bb\nx\ny\n'],
  ['lines at its end', replacement(3, 0, 3, 0, 'x\n'), 'bb\ncc\nx\n'],
  ['a change of the line below', replacement(3, 0, 3, 2, 'xyz'), 'bb\ncc\n'],
  ['a change around its start', replacement(0, 1, 1, 1, 'x\n'), 'x\nb\ncc\n'],
  ['a change around its end', replacement(2, 1, 3, 1, 'x\r\ny'), 'bb\ncx\r\ny'],
  ['a change of all', replacement(0, 0, 4, 0, 'x\n'), 'x\n'],
] as const) {
  test(`a range moves with ${what}`, () => {
    const range = shifted({ start: { line: 1, character: 0 }, end: { line: 3, character: 0 } }, change);
    const after = replaced(TEXT, change);
    assert.equal(after.slice(offset(after, range.start), offset(after, range.end)), expected);
  });
}

test('a cursor stays one', () => {
  const at = { line: 1, character: 1 };
  assert.deepEqual(shifted({ start: at, end: at }, replacement(1, 0, 2, 0, 'x\ny\n')), {
    start: { line: 1, character: 0 },
    end: { line: 1, character: 0 },
  });
});

function replacement(line: number, character: number, last: number, end: number, text: string): Replacement {
  return { range: { start: { line, character }, end: { line: last, character: end } }, text };
}

function replaced(text: string, { range: { start, end }, text: written }: Replacement): string {
  return text.slice(0, offset(text, start)) + written + text.slice(offset(text, end));
}

function offset(text: string, { line, character }: { line: number; character: number }): number {
  const before = text.split('\n').slice(0, line);
  return before.reduce((sum, one) => sum + one.length + 1, 0) + character;
}
