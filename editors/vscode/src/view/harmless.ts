/** Model text may hold HTML: only what formats text gets into the panel. */

const ELEMENTS = new Set(
  ('P BR HR H1 H2 H3 H4 H5 H6 UL OL LI BLOCKQUOTE PRE CODE SPAN STRONG EM S DEL SUB SUP ' +
    'TABLE THEAD TBODY TR TH TD A').split(' '),
);

/** Gives the harmless elements of rendered Markdown; others become the text that they hold. */
export function harmless(html: string): DocumentFragment {
  // A parsed document runs no script and loads no image.
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  return copyChildren(parsed.body);
}

function copyChildren(from: Node): DocumentFragment {
  const fragment = document.createDocumentFragment();
  for (const child of from.childNodes) {
    if (child instanceof Text) {
      fragment.append(child.data);
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
  const made = document.createElement(element.tagName);
  const names = [...element.classList].filter((name) => /^(hljs|language)/.test(name));
  if (names.length > 0) {
    made.className = names.join(' ');
  }
  const link = element.getAttribute('href') ?? '';
  if (element.tagName === 'A' && /^https?:\/\//.test(link)) {
    made.setAttribute('href', link);
    made.title = link;
  }
  made.append(children);
  return made;
}
