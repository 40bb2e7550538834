/** What the panel and the extension say to each other. */

/** A question with what there is of its answer. */
export interface Turn {
  question: string;
  /** The answer, rendered; the panel keeps harmless elements only. */
  html: string;
  /** Why the answer is not what was hoped for; empty if it is. */
  note: string;
}

/** All that the panel shows. */
export interface Shown {
  turns: Turn[];
  /** Whether an answer is being generated. */
  busy: boolean;
  /** The code that the next message is about, by its name; empty: none. */
  about: string;
}

export type FromPanel =
  | { kind: 'ready' }
  | { kind: 'send'; text: string }
  | { kind: 'stop' }
  | { kind: 'forgetPlace' }
  | { kind: 'newChat' }
  | { kind: 'copy'; text: string }
  | { kind: 'insert'; text: string };
