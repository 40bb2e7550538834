/** The messages between the panel and the extension. */

/** A question and its answer so far. */
export interface Turn {
  question: string;
  /** The answer as HTML; the panel keeps only harmless elements. */
  html: string;
  /** Why the answer is missing or incomplete; empty otherwise. */
  note: string;
}

/** Everything that the panel shows. */
export interface Shown {
  turns: Turn[];
  /** Whether an answer is being generated. */
  busy: boolean;
  /** The name of the code that the next message is about; empty: none. */
  about: string;
}

export type FromPanel =
  | { kind: 'ready' }
  | { kind: 'send'; text: string }
  | { kind: 'stop' }
  | { kind: 'forgetPlace' }
  | { kind: 'newChat' }
  | { kind: 'copy'; text: string }
  | { kind: 'insert'; text: string }
  /** Open a file; the URI is one of the links that `panelLinks.ts` writes. */
  | { kind: 'open'; link: string };
