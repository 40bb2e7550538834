/** Removes everything from the model's HTML that does not format text. */

const ELEMENTS = new Set(
  ('P BR HR H1 H2 H3 H4 H5 H6 UL OL LI BLOCKQUOTE PRE CODE SPAN STRONG EM S DEL SUB SUP ' +
    'TABLE THEAD TBODY TR TH TD A').split(' '),
);

/** The scheme of links to files, as `panelLinks.ts` writes them. */
const FILE = /^leanwide:\/\/\//;

/** Returns the harmless elements of rendered Markdown; other elements become their text. */
export function harmless(html: string): DocumentFragment {
  // DOMParser runs no script and loads no image.
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  return copyChildren(parsed.body);
}

function copyChildren(from: Node): DocumentFragment {
  const fragment = document.createDocumentFragment();
  for (const child of from.childNodes) {
    if (child instanceof Text) {
      // In code, what looks like a link is text, and reads as the model wrote it.
      fragment.append(child.data.replaceAll('](leanwide:///', '](file:///'));
    } else if (child instanceof Element) {
      fragment.append(copy(child));
    }
  }
  return fragment;
}

function copy(element: Element): Node {
  const children = copyChildren(element);
  if (!ELEMENTS.has(element.tagName)) {
    return children;
  }
  const clean = document.createElement(element.tagName);
  const names = [...element.classList].filter((name) => /^(hljs|language)/.test(name));
  if (names.length > 0) {
    clean.className = names.join(' ');
  }
  const link = element.getAttribute('href') ?? '';
  if (element.tagName === 'A' && /^https?:\/\//.test(link)) {
    clean.setAttribute('href', link);
    clean.title = link;
  }
  if (element.tagName === 'A' && FILE.test(link)) {
    clean.setAttribute('href', '#');
    clean.dataset['file'] = link;
    clean.title = link.replace(FILE, '/').replace(/#L(\d+)$/, ':$1');
  }
  clean.append(children);
  return clean;
}
