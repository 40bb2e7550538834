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

/** A place where the server has more of the suggestion than the editor was sent. */
export interface SuggestionReady {
  textDocument: { uri: string; version: number };
  position: Position;
}

export const cursorNotification = new NotificationType<TextDocumentPositionParams>('leanwide/cursor');

export const suggestionReadyNotification = new NotificationType<SuggestionReady>('leanwide/suggestionReady');

export const statusNotification = new NotificationType<Status>('leanwide/status');

export const partProgress = new ProgressType<Part>();
