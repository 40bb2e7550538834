/** What a next edit changes: words within lines, or whole lines. */

import type { TextEdit } from 'vscode-languageclient/node';

import { hunksOf } from './hunks';

/** Columns of one line, and the text that takes their place. */
export interface WordChange {
  line: number;
  start: number;
  end: number;
  text: string;
}

export interface Change {
  /** Its first line, counted from 0. */
  first: number;
  /** How many lines it removes or changes. */
  removed: number;
  /** The lines that take their place. */
  added: string[];
  /** The changes within the lines; undefined where another number of lines takes their place. */
  words: WordChange[] | undefined;
}

/** Returns what an edit changes in the lines of its range; undefined where it changes nothing. */
export function changeOf(lines: readonly string[], { range: { start, end }, newText }: TextEdit): Change | undefined {
  const top = start.line;
  const range = { start: { ...start, line: 0 }, end: { ...end, line: end.line - top } };
  const [hunk] = hunksOf(lines, [{ range, newText }]);
  if (hunk === undefined) {
    return undefined;
  }
  const { first, removed, added } = hunk;
  const words = added.flatMap((text, index) => wordChanges(lines[first + index] ?? '', text, top + first + index));
  return { first: top + first, removed, added, words: removed === added.length ? words : undefined };
}

/** Returns the first and the last line that a change is at; lines after the document's last one are at that one. */
export function placeOf({ first, removed }: Change, lineCount: number): { first: number; last: number } {
  const end = lineCount - 1;
  return { first: Math.min(first, end), last: Math.min(first + Math.max(removed, 1) - 1, end) };
}

/** Returns where the cursor stands after a change: behind the last text that it brings. */
export function endOf({ first, removed, added, words }: Change): { line: number; character: number } {
  const last = words?.at(-1);
  if (last !== undefined) {
    return { line: last.line, character: last.start + last.text.length };
  }
  const isRemoval = added.length === 0 && removed > 0;
  return isRemoval
    ? { line: first, character: 0 }
    : { line: first + added.length - 1, character: added.at(-1)?.length ?? 0 };
}

function wordChanges(before: string, after: string, line: number): WordChange[] {
  if (before === after) {
    return [];
  }
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) {
    start += 1;
  }
  let tail = 0;
  while (tail < most - start && before.at(-1 - tail) === after.at(-1 - tail)) {
    tail += 1;
  }
  // A name is replaced as a whole: its common letters say nothing.
  const isInWord = (head: number, rest: number) =>
    [before, after].some((text) => isWord(text[head]) && head < text.length - rest);
  if (isInWord(start, tail)) {
    start -= /\w*$/.exec(before.slice(0, start))?.[0].length ?? 0;
  }
  const endsInWord = [before, after].some((text) => text.length - tail > start && isWord(text[text.length - tail - 1]));
  if (endsInWord) {
    tail -= /^\w*/.exec(before.slice(before.length - tail))?.[0].length ?? 0;
  }
  return [{ line, start, end: before.length - tail, text: after.slice(start, after.length - tail) }];
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /\w/.test(character);
}
