/** leanwide's messages in addition to LSP; docs/protocol.md describes them. */

import {
  NotificationType,
  type Position,
  ProgressType,
  type Range,
  type TextDocumentPositionParams,
  type TextEdit,
  type WorkspaceEdit,
} from 'vscode-languageclient/node';

/** A part of an open document. */
export interface Target {
  uri: string;
  range: Range;
}

export interface Answer {
  markdown: string;
}

export interface ChatAnswer extends Answer {
  id: string;
}

export interface EditAnswer {
  edit: WorkspaceEdit | null;
  /** The server's id of the model's answer; null where the model was not asked. */
  attempt?: string | null;
  markdown?: string;
}

/** A piece of an answer that streams; the first piece of a new conversation has its id. */
export interface Part {
  text: string;
  id?: string;
  /** All edits of the request's document that are settled so far; they replace the earlier ones. */
  edits?: TextEdit[];
}

export interface Status {
  mode: string;
  lane: string;
  state: 'starting' | 'loading' | 'idle' | 'busy' | 'degraded' | 'failed';
  experts: number;
  tokensPerSecond: number;
  reason: string;
}

/** What was shown, accepted and kept in the last days, on this machine. */
export interface Stats {
  keeping: boolean;
  days: number;
  counts: {
    kind: 'suggestion' | 'edit';
    language: string;
    mode: string;
    shown: number;
    accepted: number;
    /** Null for edits, of which the server does not know. */
    kept: number | null;
  }[];
}

/** One request in the server's journal. */
export interface Record {
  mode: string;
  lane: string;
  experts: number;
  reason: string;
  source: string;
  prompt: string;
  answer: string;
  tokensEvaluated: number;
  tokensReused: number;
  tokensGenerated: number;
  tokensDrafted: number;
  tokensAccepted: number;
  ms: { [stage: string]: number };
}

/** A place where the server has more of the suggestion than the editor was sent. */
export interface SuggestionReady {
  textDocument: { uri: string; version: number };
  position: Position;
}

export const cursorNotification = new NotificationType<TextDocumentPositionParams>('leanwide/cursor');

export const suggestionReadyNotification = new NotificationType<SuggestionReady>('leanwide/suggestionReady');

export const statusNotification = new NotificationType<Status>('leanwide/status');

export const partProgress = new ProgressType<Part>();
