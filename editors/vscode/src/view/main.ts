/** The panel's own script: draws the extension's messages and sends the user's actions. */

import type { FromPanel, Shown, Turn } from '../panelMessages';
import { harmless } from './harmless';

declare function acquireVsCodeApi(): { postMessage(message: FromPanel): void };

const extension = acquireVsCodeApi();
const turns = byId('turns', HTMLElement);
const empty = byId('empty', HTMLElement);
const about = byId('about', HTMLElement);
const composer = byId('composer', HTMLFormElement);
const message = byId('message', HTMLTextAreaElement);
const send = byId('send', HTMLButtonElement);
const stop = byId('stop', HTMLButtonElement);
const newChat = byId('new', HTMLButtonElement);

function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) {
    throw new Error(`the page has no ${id}`);
  }
  return element;
}

function show(shown: Shown): void {
  const atEnd = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 40;
  shown.turns.forEach((turn, index) => {
    drawTurn(turnAt(index), turn, shown.busy && index === shown.turns.length - 1);
  });
  while (turns.children.length > shown.turns.length) {
    turns.lastElementChild?.remove();
  }
  empty.hidden = shown.turns.length > 0;
  newChat.disabled = shown.turns.length === 0;
  about.hidden = shown.about === '';
  about.firstElementChild?.replaceChildren(shown.about);
  send.hidden = shown.busy;
  stop.hidden = !shown.busy;
  if (atEnd) {
    window.scrollTo(0, document.documentElement.scrollHeight);
  }
}

function turnAt(index: number): HTMLElement {
  const known = turns.children[index];
  if (known instanceof HTMLElement) {
    return known;
  }
  const made = element('section', 'turn');
  made.append(element('h2', 'question'), element('div', 'answer'), element('p', 'note'));
  turns.append(made);
  return made;
}

function drawTurn(section: HTMLElement, turn: Turn, busy: boolean): void {
  const [question, answer, note] = section.children;
  question?.replaceChildren(turn.question);
  note?.replaceChildren(turn.note);
  section.classList.toggle('busy', busy);
  section.setAttribute('aria-busy', String(busy));
  if (answer) {
    replaceFromFirstChange(answer, drawn(turn.html));
  }
}

/** Keeps the unchanged blocks, so that a selection in them stays. */
function replaceFromFirstChange(old: Element, fresh: DocumentFragment): void {
  const blocks = [...fresh.children];
  const same = blocks.findIndex((block, index) => !old.children[index]?.isEqualNode(block));
  const kept = same === -1 ? blocks.length : same;
  while (old.children.length > kept) {
    old.lastElementChild?.remove();
  }
  old.append(...blocks.slice(kept));
}

function drawn(html: string): DocumentFragment {
  const fragment = harmless(html);
  for (const code of fragment.querySelectorAll('pre')) {
    if (code.textContent.trim() === '') {
      code.remove();
      continue;
    }
    const frame = element('div', 'code');
    code.replaceWith(frame);
    frame.append(codeBar(code), code);
    code.tabIndex = 0;
  }
  return fragment;
}

function codeBar(code: HTMLElement): HTMLElement {
  const bar = element('div', 'codebar');
  const language = /language-([\w+#-]+)/.exec(code.querySelector('code')?.className ?? '')?.[1];
  const label = element('span');
  label.append(language ?? 'code');
  bar.append(label, button('copy', 'Copy'), button('insert', 'Insert'));
  return bar;
}

function button(kind: 'copy' | 'insert', title: string): HTMLElement {
  const made = element('button', 'quiet');
  made.dataset['does'] = kind;
  made.title = kind === 'copy' ? 'Copy this code' : 'Insert this code at the cursor';
  made.append(title);
  return made;
}

function element(name: string, className = ''): HTMLElement {
  const made = document.createElement(name);
  if (className !== '') {
    made.className = className;
  }
  return made;
}

function onClick(event: MouseEvent): void {
  const target = event.target instanceof HTMLElement ? event.target : undefined;
  const link = target?.closest<HTMLElement>('a[data-file]')?.dataset['file'];
  if (link !== undefined) {
    event.preventDefault();
    extension.postMessage({ kind: 'open', link });
    return;
  }
  const does = target?.dataset['does'];
  const text = target?.closest('.code')?.querySelector('pre')?.textContent ?? '';
  if (does === 'copy' || does === 'insert') {
    extension.postMessage({ kind: does, text });
  }
}

function submit(event: Event): void {
  event.preventDefault();
  const text = message.value.trim();
  if (text !== '' && stop.hidden) {
    extension.postMessage({ kind: 'send', text });
    message.value = '';
    fit();
  }
}

/** Lets the message box grow with its text. */
function fit(): void {
  message.rows = Math.min(8, message.value.split('\n').length);
}

window.addEventListener('message', ({ data }: MessageEvent<Shown>) => {
  show(data);
});
turns.addEventListener('click', onClick);
composer.addEventListener('submit', submit);
message.addEventListener('input', fit);
message.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    submit(event);
  }
});
stop.addEventListener('click', () => {
  extension.postMessage({ kind: 'stop' });
});
newChat.addEventListener('click', () => {
  extension.postMessage({ kind: 'newChat' });
});
about.lastElementChild?.addEventListener('click', () => {
  extension.postMessage({ kind: 'forgetPlace' });
});
extension.postMessage({ kind: 'ready' });
