/** leanwide's messages in addition to LSP; docs/protocol.md describes them. */

import {
  type Command,
  NotificationType,
  type Position,
  ProgressType,
  type Range,
  RequestType,
  type TextDocumentIdentifier,
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

/** A model of the registry on this machine. */
export interface ModelRow {
  name: string;
  about: string;
  licence: string;
  lanes: string[];
  sizeBytes: number;
  fits: boolean;
  fitsGpu: boolean;
  /** Whether this machine holds it, and why. */
  suitability: string;
  /** The file, where it was downloaded. */
  path: string | null;
  /** What an unfinished download has brought. */
  partBytes: number;
}

export interface ModelList {
  models: ModelRow[];
  /** Other downloaded files. */
  others: string[];
  choice: { both: string | null; lean: string | null; wide: string | null };
  advice: string;
  /** The file that each lane runs. */
  inUse: { lean: string; wide: string };
}

export interface UsedModel {
  lanes: string[];
  settings: { model?: { path: string }; lanes: { [lane: string]: { model: string } } };
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

/** A change that may be what the user does next. */
export interface NextEdit {
  range: Range;
  /** What takes the place of the range. */
  text: string;
  /** Run when the user accepts it. */
  command: Command;
  /** The document; its version is null where no editor has it open. */
  textDocument: { uri: string; version: number | null };
  /** Why it is proposed, a part of a sentence. */
  reason: string;
}

export interface NextEditParams {
  textDocument: { uri: string; version: number };
  position: Position;
  context: { triggerKind: number };
}

/** A place where the server has more of the suggestion than the editor was sent. */
export interface SuggestionReady {
  textDocument: { uri: string; version: number };
  position: Position;
}

export const cursorNotification = new NotificationType<TextDocumentPositionParams>('leanwide/cursor');

export const nextEditRequest = new RequestType<NextEditParams, { edits: NextEdit[] }, void>('leanwide/nextEdit');

/** These names are the ones that other clients of inline edits use. */
export const didFocusNotification = new NotificationType<{ textDocument: TextDocumentIdentifier }>('textDocument/didFocus');

export const didShowInlineEditNotification = new NotificationType<{ item: { command: Command } }>(
  'textDocument/didShowInlineEdit',
);

export const suggestionReadyNotification = new NotificationType<SuggestionReady>('leanwide/suggestionReady');

export const statusNotification = new NotificationType<Status>('leanwide/status');

export const partProgress = new ProgressType<Part>();
