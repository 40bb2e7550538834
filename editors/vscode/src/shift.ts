/** How a change of the text moves a range. */

import type { Position, Range } from 'vscode-languageclient/node';

/** A text that takes the place of a range. */
export interface Replacement {
  readonly range: Range;
  readonly text: string;
}

/**
 * Returns where a range is after a change: what is written in it or at its edges belongs to it. An empty range, which
 * is a cursor, stays empty.
 */
export function shifted({ start, end }: Range, change: Replacement): Range {
  const from = shiftedStart(start, change);
  return { start: from, end: isSame(start, end) ? from : shiftedEnd(end, change) };
}

function shiftedStart(start: Position, change: Replacement): Position {
  const { range } = change;
  if (!isBefore(range.start, start)) {
    return start;
  }
  return isBefore(start, range.end) ? range.start : moved(start, change);
}

function shiftedEnd(end: Position, change: Replacement): Position {
  const { range } = change;
  const isInsertion = isSame(range.start, range.end);
  if (isBefore(end, range.start) || (isSame(end, range.start) && !isInsertion)) {
    return end;
  }
  return isBefore(end, range.end) ? moved(range.end, change) : moved(end, change);
}

/** Returns a position that is not before the end of what is replaced. */
function moved({ line, character }: Position, { range, text }: Replacement): Position {
  const lines = text.split(/\r\n|\r|\n/);
  const last = lines.at(-1)?.length ?? 0;
  const column = lines.length === 1 ? range.start.character + last : last;
  return {
    line: line - range.end.line + range.start.line + lines.length - 1,
    character: line === range.end.line ? character - range.end.character + column : character,
  };
}

function isBefore(one: Position, other: Position): boolean {
  return one.line < other.line || (one.line === other.line && one.character < other.character);
}

function isSame(one: Position, other: Position): boolean {
  return one.line === other.line && one.character === other.character;
}
