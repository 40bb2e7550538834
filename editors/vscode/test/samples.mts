/** The text of the files that the tests edit. */

import type { Editor } from './harness.mts';

/** Two functions and a class; the last line is indented and empty. */
export const STORE = `import json


def load(path):
    """Read the settings file."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def save(path, settings):
    """Write the settings file."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump(settings, file)


class Store:
    """Settings with a place on disk."""

    def __init__(self, path):
        self.path = path
        self.settings = load(path)

    def get(self, name):
        return self.settings[name]

    def set(self, name, value):
        self.settings[name] = value
        
`;

/** The last line, counted from 1. */
export const LINE = STORE.split('\n').length - 1;

/** A parameter is about to be renamed. */
export const AREA = `def area(wide, height):
    """Return the area of a rectangle."""
    check(wide)
    log("area", wide, height)
    return wide * height
`;

/** Renames the parameter in the first line of AREA; its uses still have the old name. */
export async function renameParameter(editor: Editor): Promise<void> {
  await editor.goto(1, 10);
  for (const key of Array.from({ length: 4 }, () => 'Delete')) {
    await editor.page.keyboard.press(key);
  }
  await editor.type('width');
}
