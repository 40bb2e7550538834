"""What of an answer was asked for, in answers as models give them."""

from __future__ import annotations

import pytest

from leanwide.context.passage import Passage
from leanwide.postprocess.asked import asked_for
from leanwide.postprocess.passage_place import Asked
from leanwide.syntax import content
from tests.syntax.marked import tree_of

GO = """\
package cart

import (
	"errors"
	"fmt"
)

type Cart struct {
	items []Item
	limit int
}

func (c *Cart) Add(item Item) error {
	if len(c.items) >= c.limit {
		return errors.New("full")
	}
	c.items = append(c.items, item)
	return nil
}

func (c *Cart) Total() int {
	total := 0
	for _, item := range c.items {
		total = total + item.Price
	}
	return total
}
"""
JAVASCRIPT = """\
import { readFile } from "fs";

const LIMIT = 10;

class Cart {
  constructor(items) {
    this.items = items;
  }

  add(item) {
    this.items.push(item);
  }

  total() {
    let sum = 0;
    for (var i = 0; i < this.items.length; i++) {
      sum = sum + this.items[i].price;
    }
    return sum;
  }
}

module.exports = Cart;
"""
JAVA = """\
package shop;

import java.util.ArrayList;
import java.util.List;

public class Cart {
    private final List<Item> items = new ArrayList<>();

    public void add(Item item) {
        items.add(item);
    }

    public int total() {
        int total = 0;
        for (int i = 0; i < items.size(); i++) {
            total = total + items.get(i).price();
        }
        return total;
    }
}
"""
PYTHON = '''\
"""Settings."""

import json
import os
from typing import Any


class Store:
    """Settings with a place."""

    def __init__(self, path):
        self.path = path
        self.settings = {}

    def load(self):
        if os.path.exists(self.path):
            file = open(self.path)
            text = file.read()
            file.close()
            self.settings = json.loads(text)


def mean(values):
    total = 0
    for value in values:
        total = total + value
    return total / len(values)


print(mean([1, 2]))
'''
RUST = """\
use std::collections::HashMap;

pub struct Cart {
    items: HashMap<String, u32>,
}

impl Cart {
    pub fn total(&self) -> u32 {
        let mut total = 0;
        for (_, count) in self.items.iter() {
            total = total + count;
        }
        return total;
    }
}
"""
CPP = """\
#include <string>
#include <vector>

namespace shop {

class Cart {
 public:
  void add(const std::string& name) { names_.push_back(name); }

  bool has(const std::string& name) const {
    for (auto& one : names_) {
      if (one == name) return true;
    }
    return false;
  }

 private:
  std::vector<std::string> names_;
};

}  // namespace shop
"""
CSHARP = """\
using System;

namespace Shop
{
    public class Cart
    {
        private int limit = 3;

        public int Total()
        {
            return 1;
        }
    }
}
"""
PHP = """\
<?php

namespace Shop;

use Shop\\Item;

class Cart
{
    private array $items = [];

    public function total(): int
    {
        return 1;
    }
}
"""
TYPESCRIPT = """\
export class Cart {
  constructor(private items: Item[]) {}

  total(): number {
    return 1;
  }
}
"""
RUBY = """\
require "set"

module Shop
  class Cart
    def total
      1
    end

    def size
      2
    end
  end
end
"""
FILES = {
    "go": GO,
    "javascript": JAVASCRIPT,
    "java": JAVA,
    "python": PYTHON,
    "rust": RUST,
    "cpp": CPP,
    "csharp": CSHARP,
    "php": PHP,
    "typescript": TYPESCRIPT,
    "ruby": RUBY,
}
TOTAL_JS = "total() {\n    return this.items.reduce((sum, one) => sum + one.price, 0);\n  }"
TOTAL_GO = "func (c *Cart) Total() int {\n\treturn sum(c.items)\n}"
TOTAL_JAVA = (
    "public int total() {\n        return items.stream().mapToInt(Item::price).sum();\n    }"
)


def asked(language: str, head: str, end: str, answer: str) -> Asked:
    """Take the answer for the lines from the one with ``head`` to the next one that is ``end``."""
    tree = tree_of(language, FILES[language])
    lines = [content(line) for line in tree.lines]
    first = next(row for row, line in enumerate(lines) if head in line)
    last = next(row for row in range(first, len(lines)) if lines[row] == end)
    return asked_for(tree, Passage(first=first, last=last + 1), answer)


def method(language: str, answer: str) -> Asked:
    head, end = {
        "go": (") Total()", "}"),
        "javascript": ("total()", "  }"),
        "java": ("int total()", "    }"),
        "python": ("def load", "            self.settings = json.loads(text)"),
        "rust": ("fn total", "    }"),
        "cpp": ("bool has", "  }"),
        "csharp": ("int Total", "        }"),
        "php": ("function total", "    }"),
        "typescript": ("total()", "  }"),
        "ruby": ("def total", "    end"),
    }[language]
    return asked(language, head, end, answer)


@pytest.mark.parametrize(
    ("language", "answer", "code", "imports"),
    [
        # the head of the file again
        ("go", f'package cart\n\nimport "errors"\n\n{TOTAL_GO}', TOTAL_GO, ()),
        (
            "go",
            f'package cart\n\nimport (\n\t"errors"\n\t"sort"\n)\n\n{TOTAL_GO}',
            TOTAL_GO,
            ('import (\n\t"sort"\n)',),
        ),
        (
            "go",
            f"package cart\n\nconst Limit = 3\n\n{TOTAL_GO}",
            f"const Limit = 3\n\n{TOTAL_GO}",
            (),
        ),
        # the class around its method
        ("javascript", f"class Cart {{\n  {TOTAL_JS}\n}}", f"  {TOTAL_JS}", ()),
        (
            "javascript",
            f"class Cart {{\n  {TOTAL_JS}\n}}\n\nmodule.exports = Cart;",
            f"  {TOTAL_JS}",
            (),
        ),
        (
            "javascript",
            f'import {{ sum }} from "lodash";\n'
            f"const LIMIT = 10;\n\nclass Cart {{\n  {TOTAL_JS}\n}}",
            f"  {TOTAL_JS}",
            ('import { sum } from "lodash";',),
        ),
        ("java", f"public class Cart {{\n    {TOTAL_JAVA}\n}}", f"    {TOTAL_JAVA}", ()),
        (
            "java",
            f"package shop;\n\nimport java.util.List;\n"
            f"import java.util.Map;\n\nclass Cart {{\n    {TOTAL_JAVA}\n}}",
            f"    {TOTAL_JAVA}",
            ("import java.util.Map;",),
        ),
        (
            "rust",
            "impl Cart {\n    pub fn total(&self) -> u32 {\n        1\n    }\n}",
            "    pub fn total(&self) -> u32 {\n        1\n    }",
            (),
        ),
        (
            "cpp",
            "#include <algorithm>\nnamespace shop {\nclass Cart {\npublic:\n"
            "  bool has(const std::string& name) const {\n    return true;\n  }\n};\n}",
            "  bool has(const std::string& name) const {\n    return true;\n  }",
            ("#include <algorithm>",),
        ),
        # cut short: the namespace is never closed
        (
            "cpp",
            "#include <string>\nnamespace shop {\nclass Cart {\npublic:\n"
            "  bool has(const std::string& name) const {\n    return true;\n  }\n};",
            "  bool has(const std::string& name) const {\n    return true;\n  }",
            (),
        ),
        (
            "csharp",
            "using System;\n\nnamespace Shop\n{\n    public class Cart\n    {\n"
            "        public int Total()\n        {\n            return 2;\n        }\n    }\n}",
            "        public int Total()\n        {\n            return 2;\n        }",
            (),
        ),
        (
            "csharp",
            "using System.Linq;\n\nclass Cart\n{\n    public int Total() => 2;\n}",
            "    public int Total() => 2;",
            ("using System.Linq;",),
        ),
        (
            "php",
            "<?php\n\nnamespace Shop;\n\nclass Cart\n{\n    public function total(): int\n    {\n"
            "        return 2;\n    }\n}",
            "    public function total(): int\n    {\n        return 2;\n    }",
            (),
        ),
        (
            "php",
            "class Cart\n{\n    public function total(): int\n    {\n        return 2;\n    }\n}",
            "    public function total(): int\n    {\n        return 2;\n    }",
            (),
        ),
        (
            "typescript",
            "export class Cart {\n  total(): number {\n    return 2;\n  }\n}",
            "  total(): number {\n    return 2;\n  }",
            (),
        ),
        (
            "ruby",
            "module Shop\n  class Cart\n    def total\n      2\n    end\n  end\nend",
            "    def total\n      2\n    end",
            (),
        ),
        # the rest of the class, unchanged or left out
        (
            "javascript",
            f"class Cart {{\n  constructor(items) {{\n"
            f"    this.items = items;\n  }}\n\n  add(item) {{\n"
            f"    // ...\n  }}\n\n  // As before.\n\n  {TOTAL_JS}\n}}",
            f"  {TOTAL_JS}",
            (),
        ),
        (
            "java",
            f"public class Cart {{\n    private List<Item> items;\n\n    {TOTAL_JAVA}\n}}",
            f"    {TOTAL_JAVA}",
            (),
        ),
        # with a helper, which stays where it is
        (
            "java",
            f"class Cart {{\n    {TOTAL_JAVA}\n\n"
            f"    private int one() {{\n        return 1;\n    }}\n}}",
            f"    {TOTAL_JAVA}\n\n    private int one() {{\n        return 1;\n    }}",
            (),
        ),
        (
            "python",
            "from pathlib import Path\nimport json\n\nclass Store:\n    def load(self):\n"
            "        self.settings = json.loads(Path(self.path).read_text())",
            "    def load(self):\n        self.settings = json.loads(Path(self.path).read_text())",
            ("from pathlib import Path",),
        ),
        (
            "python",
            "from typing import Any, List\n\ndef load(self) -> List[int]:\n    return []",
            "def load(self) -> List[int]:\n    return []",
            ("from typing import List",),
        ),
        # a new name in place of the old one
        (
            "python",
            "class Store:\n    def read(self):\n        pass",
            "    def read(self):\n        pass",
            (),
        ),
        # comments and decorators belong to what they stand at
        (
            "python",
            "class Store:\n    # why\n    @cache\n    def load(self):\n        pass  # not yet",
            "    # why\n    @cache\n    def load(self):\n        pass  # not yet",
            (),
        ),
    ],
)
def test_what_was_asked_for_is_taken_out(
    language: str, answer: str, code: str, imports: tuple[str, ...]
) -> None:
    assert method(language, answer) == Asked(code=code, imports=imports)


@pytest.mark.parametrize(
    ("language", "answer"),
    [
        ("go", TOTAL_GO),
        ("javascript", TOTAL_JS),
        ("javascript", "static total = () => 3;"),
        ("java", TOTAL_JAVA),
        ("python", "def load(self):\n    pass\n\ndef other(self):\n    pass"),
        ("python", "load = Path.read_text"),
        ("rust", "pub fn total(&self) -> u32 {\n    1\n}"),
        ("php", "public function total(): int\n{\n    return 2;\n}"),
    ],
)
def test_an_answer_without_a_wrapper_stays_as_it_is(language: str, answer: str) -> None:
    assert method(language, answer) == Asked(code=answer)


@pytest.mark.parametrize(
    ("language", "answer", "problem"),
    [
        (
            "javascript",
            "class Cart {\n  add(item) {\n    this.items.push(item);\n  }\n}",
            "The method `total` is missing.",
        ),
        ("python", "I cannot.", "The method `load` is missing."),
        ("java", "}{", "The method `total` is missing."),
        (
            "go",
            "package cart\n\ntype Cart struct {\n\titems []Item\n\tlimit int\n}",
            "The method `Total` is missing.",
        ),
        (
            "javascript",
            f"class Cart {{\n  add(item) {{\n    this.list.push(item);\n  }}\n\n  {TOTAL_JS}\n}}",
            "Only the method `total` was asked for: `add` is changed too.",
        ),
        (
            "python",
            "def sum_of(values):\n    return 1\n\nclass Store:\n    def load(self):\n        pass",
            "Only the method `load` was asked for: `def sum_of(values):` stands outside.",
        ),
        (
            "javascript",
            f"class Cart {{\n  {TOTAL_JS}\n}}\n\nconst cart = new Cart([]);",
            "Only the method `total` was asked for: `const cart = new Cart([]);` stands outside.",
        ),
    ],
)
def test_what_has_no_place_is_a_problem_that_is_named(
    language: str, answer: str, problem: str
) -> None:
    assert method(language, answer).problem == problem


MEAN = "def mean(values):\n    return sum(values) / len(values)"


@pytest.mark.parametrize(
    ("answer", "code", "problem"),
    [
        (f"{MEAN}\n\n\nprint(mean([1, 2]))", MEAN, ""),
        (f'"""Settings."""\n\nimport json\n\n\n{MEAN}', MEAN, ""),
        (
            f"{MEAN}\n\n# Example\nvalues = [1, 2, 3]\nprint(mean(values))",
            None,
            "Only the function `mean` was asked for: `# Example` is no part of it.",
        ),
        (f"NONE = 0\n\n\n{MEAN}", f"NONE = 0\n\n\n{MEAN}", ""),
        ("mean = statistics.fmean", "mean = statistics.fmean", ""),
    ],
)
def test_a_function_among_other_things(answer: str, code: str | None, problem: str) -> None:
    found = asked("python", "def mean", "    return total / len(values)", answer)
    assert found.problem == problem
    assert code is None or found.code == code


WITH = "with open(self.path) as file:\n    text = file.read()"


@pytest.mark.parametrize(
    ("answer", "code", "imports", "problem"),
    [
        (WITH, WITH, (), ""),
        (
            "class Store:\n    def load(self):\n        with open(self.path) as file:\n"
            "            text = file.read()",
            "        with open(self.path) as file:\n            text = file.read()",
            (),
            "",
        ),
        (
            "def load(self):\n    if os.path.exists(self.path):\n"
            "        with open(self.path) as file:\n"
            "            text = file.read()\n        self.settings = json.loads(text)",
            "        with open(self.path) as file:\n            text = file.read()",
            (),
            "",
        ),
        (f"import io\n\n{WITH}", WITH, ("import io",), ""),
        (
            f"def load(self, encoding):\n    {WITH}",
            None,
            (),
            "Only the selected lines were asked for, and `encoding` is new in the head of `load`.",
        ),
    ],
)
def test_lines_of_a_function_are_taken_out_of_it(
    answer: str, code: str | None, imports: tuple[str, ...], problem: str
) -> None:
    found = asked("python", "file = open", "            file.close()", answer)
    assert found.problem == problem
    assert code is None or (found.code, found.imports) == (code, imports)


BRANCHES = """\
try:
    import fcntl
except ImportError:
    # No locks.
    def lock(file):
        return None
else:
    def lock(file):
        fcntl.flock(file, fcntl.LOCK_EX)
"""


def test_a_definition_is_taken_out_of_a_branch_with_the_comment_only_if_that_is_new() -> None:
    tree = tree_of("python", BRANCHES)
    answer = BRANCHES.replace("None", "False")
    found = asked_for(tree, Passage(first=4, last=6), answer)
    assert found == Asked(code="    def lock(file):\n        return False")
    text = "# Why.\ndef f():\n    return 1\n"
    found = asked_for(tree_of("python", text), Passage(first=1, last=3), f"import os\n\n{text}")
    assert found == Asked(code="def f():\n    return 1", imports=("import os",))


def test_a_property_is_taken_without_its_setter() -> None:
    getter = "    @property\n    def x(self):\n        return self._x"
    setter = "    @x.setter\n    def x(self, value):\n        self._x = value"
    tree = tree_of("python", f"class A:\n{getter}\n\n{setter}\n")
    answer = f"class A:\n{getter.replace('_x', '_y')}\n\n{setter}"
    found = asked_for(tree, Passage(first=1, last=4), answer)
    assert found == Asked(code=getter.replace("_x", "_y"))


def test_a_selected_file_keeps_its_imports_and_all_that_is_in_it() -> None:
    tree = tree_of("python", PYTHON)
    answer = PYTHON.replace("import os", "import pathlib").replace("print", "repr")
    found = asked_for(tree, Passage(first=0, last=len(tree.lines)), answer)
    assert found == Asked(code=answer)
