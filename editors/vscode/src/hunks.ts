/** Hunks: the runs of lines that text edits replace, and a text that shows them. */

import type { TextEdit } from 'vscode-languageclient/node';

export interface Hunk {
  /** What it is known by: the same one comes again in the next list. */
  id: string;
  edit: TextEdit;
  /** Its first line, counted from 0. */
  first: number;
  /** How many lines it removes. */
  removed: number;
  /** The lines that it adds. */
  added: string[];
}

/** A hunk in the text that shows it: removed lines, then added ones. */
export interface ShownHunk {
  hunk: Hunk;
  /** The first of these lines, counted from 0. */
  line: number;
}

/** Returns the hunks of edits of a text, from the first line to the last. */
export function hunksOf(lines: readonly string[], edits: readonly TextEdit[]): Hunk[] {
  return edits
    .map((edit) => hunkOf(lines, edit))
    .filter(({ removed, added }) => removed + added.length > 0)
    .sort((one, other) => one.first - other.first);
}

function hunkOf(lines: readonly string[], edit: TextEdit): Hunk {
  const { start, end } = edit.range;
  const removed = lines.slice(start.line, end.line + 1);
  const head = (removed[0] ?? '').slice(0, start.character);
  const tail = (removed.at(-1) ?? '').slice(end.character);
  const added = `${head}${edit.newText}${tail}`.split(/\r\n|\r|\n/);
  while (removed.length > 0 && added.length > 0 && removed.at(-1) === added.at(-1)) {
    removed.pop();
    added.pop();
  }
  let first = start.line;
  while (removed.length > 0 && removed[0] === added[0]) {
    removed.shift();
    added.shift();
    first += 1;
  }
  return { id: JSON.stringify([edit.range, edit.newText]), edit, first, removed: removed.length, added };
}

/** Returns a text with the removed and the added lines of hunks, and where they stand in it. */
export function withHunks(lines: readonly string[], hunks: readonly Hunk[]): { text: string; shownHunks: ShownHunk[] } {
  const shown: string[] = [];
  const shownHunks: ShownHunk[] = [];
  let next = 0;
  for (const hunk of hunks) {
    shown.push(...lines.slice(next, hunk.first));
    shownHunks.push({ hunk, line: shown.length });
    next = hunk.first + hunk.removed;
    shown.push(...lines.slice(hunk.first, next), ...hunk.added);
  }
  shown.push(...lines.slice(next));
  return { text: shown.join('\n'), shownHunks };
}
