/** The entries of the list in which a model is chosen. */

import * as vscode from 'vscode';

import type { ModelList, ModelRow } from './protocol';

/** What an entry stands for: a model that is here or can be downloaded, or a question for one. */
export type Choice =
  | { kind: 'use'; name: string; label: string }
  | { kind: 'pull'; row: ModelRow }
  | { kind: 'file' | 'address' };

export interface ModelPick extends vscode.QuickPickItem {
  choice?: Choice;
}

/** Returns the models that are here, and those to download that fit: recommended ones first. */
export function modelPicks({ models, others, choice, inUse }: ModelList): ModelPick[] {
  const used = (path: string): boolean => Object.values(inUse).includes(path);
  const pulled = models.flatMap((row) => (row.path === null ? [] : [pulledPick(row, used(row.path))]));
  const fitting = models.filter(({ path, fits, fitsGpu }) => path === null && (fits || fitsGpu));
  const recommended = [choice.both, choice.lean, choice.wide].flatMap((name) =>
    fitting.filter((row) => row.name === name),
  );
  return [
    separator('on this machine'),
    ...pulled,
    ...others.map((path) => filePick(path, used(path))),
    embeddedPick(Object.values(inUse).some((path) => path.endsWith('/leanwide-embedded.gguf'))),
    separator('recommended'),
    ...recommended.map(downloadPick),
    separator('fit as well'),
    ...fitting.filter((row) => !recommended.includes(row)).map(downloadPick),
    separator('others'),
    { label: '$(file) A GGUF File…', alwaysShow: true, choice: { kind: 'file' } },
    { label: '$(cloud) A File of the Hugging Face Hub…', alwaysShow: true, choice: { kind: 'address' } },
  ];
}

function pulledPick(row: ModelRow, used: boolean): ModelPick {
  return { ...described(row, mark(used)), choice: { kind: 'use', name: row.name, label: row.name } };
}

function filePick(path: string, used: boolean): ModelPick {
  const label = path.split('/').pop() ?? path;
  return { label: `${mark(used)} ${label}`, detail: path, choice: { kind: 'use', name: path, label } };
}

function embeddedPick(used: boolean): ModelPick {
  return {
    label: `${mark(used)} The embedded model`,
    description: '0.02 GB · Apache-2.0',
    detail: 'knows some Python, and shows how everything works',
    choice: { kind: 'use', name: '', label: 'the embedded model' },
  };
}

function downloadPick(row: ModelRow): ModelPick {
  return { ...described(row, '$(cloud-download)'), choice: { kind: 'pull', row } };
}

function described({ name, sizeBytes, licence, lanes, about, suitability }: ModelRow, icon: string): ModelPick {
  const which = lanes.length > 1 ? 'both lanes' : `${lanes.join()} lane`;
  return {
    label: `${icon} ${name}`,
    description: `${gigabytes(sizeBytes)} · ${licence} · ${which}`,
    detail: `${about} · ${suitability}`,
  };
}

function mark(used: boolean): string {
  return used ? '$(check)' : '$(circle-outline)';
}

function separator(label: string): ModelPick {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

/** Returns a size in words. */
export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
