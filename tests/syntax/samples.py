"""A small text of each language, with a mark, and what is to be found in it."""

from __future__ import annotations

from attrs import field, frozen


def _words(text: str) -> list[str]:
    return [word.replace("\u00a0", " ") for word in text.split(" ") if word]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split(";")] if text else []


@frozen
class Sample:
    """``definitions`` are "kind parent.name" parted by ``;``, the others names parted by spaces."""

    language: str
    text: str
    definitions: list[str] = field(converter=_lines)
    enclosing: list[str] = field(converter=_words)
    """Outermost first; a no-break space stands for a space in a name."""
    imports: list[str] = field(converter=_words)
    references: set[str] = field(converter=lambda text: set(text.split()))
    """Of the innermost definition around the mark."""


SAMPLES = [
    Sample(
        "python",
        '''import os.path
from a import b as c, d
try:
    import json
except ImportError:
    pass

@dec
def f(x: int) -> str:
    y = g(x)
    return c(y)

class A(B):
    """Doc."""
    def m(self):
        for z in self.items:
            print(z, os‸)

    async def n(self): pass
''',
        "function f; class A; function A.m; function A.n",
        "A m",
        "os c d json",
        "items print os",
    ),
    Sample(
        "javascript",
        """import a, {b as c, d} from "x/y";
const q = require("z");
export function f(x) {
  return c(x);
}
const g = (y) => { return a };
class A extends B {
  m(z) { return q(z)‸; }
}
A.prototype.n = function () { return 1; };
""",
        "function f; function g; class A; method A.m; function n",
        "A m",
        "a c d q",
        "q",
    ),
    Sample(
        "typescript",
        """import type { T } from "t";
import * as ns from "./n";
export interface I { a: T; m(): void }
export type X = I | T;
export class C implements I {
  constructor(private x: number) {}
  m(): void { const v: T = ns.foo(this.x‸) }
}
export const h = async (p: T): Promise<X> => {
  return p;
};
enum E { P, Q }
abstract class D { abstract k(): void; }
""",
        "interface I; method I.m; type X; class C; method C.constructor; method C.m; function h;"
        "enum E; class D; method D.k",
        "C m",
        "T ns",
        "T ns foo x",
    ),
    Sample(
        "typescriptreact",
        """import React from "react";
export function App(p: Props) {
  return <Box className="x">{p.name‸}</Box>;
}
""",
        "function App",
        "App",
        "React",
        "Props Box className name",
    ),
    Sample(
        "rust",
        """use std::io::{self, Read as R};
use a::b;
pub struct S<T> { x: T }
impl<T> S<T> {
    pub fn new(x: T) -> Self { let y = b(x); Self { x: y‸ } }
}
#[test]
fn t() {}
trait Q { fn z(&self); }
enum E { A }
mod m { const K: u8 = 1; }
""",
        "struct S; implementation S; function S.new; function t; interface Q; function Q.z; enum E;"
        "module m; constant m.K",
        "S new",
        "io R b",
        "T b Self",
    ),
    Sample(
        "go",
        """package main

import (
	"fmt"
	x "net/http"
	"path/filepath"
)

type S struct { a int }
type I interface { M() }

func (s *S) M(b int) error {
	c := x.Get(b)
	fmt.Println(c, s.a‸)
	return nil
}
""",
        "struct S; interface I; method M",
        "M",
        "fmt x filepath",
        "S error x Get int fmt Println a",
    ),
    Sample(
        "java",
        """package p;
import java.util.List;
public class A {
  int x;
  A(int x) { this.x = x; }
  @Override public int m(List<Integer> l) { return l.size(‸); }
  interface B { void q(); }
}
""",
        "class A; method A.A; method A.m; interface A.B; method B.q",
        "A m",
        "List",
        "Override List Integer size",
    ),
    Sample(
        "c",
        """#include <sys/stat.h>
#include "foo.h"
#define MAX(a, b) ((a) > (b))
typedef struct { int a; } P;
struct Q { int b; };
static char *f(int *a, P p) {
  return g(a, p.c‸);
}
int main(void);
""",
        "macro MAX; struct P; struct Q; function f; function main",
        "f",
        "stat.h foo.h",
        "P g c",
    ),
    Sample(
        "cpp",
        """#include <vector>
namespace n {
template <typename T> class A : public B {
 public:
  A(int x) : x_(x) {}
  int m() const;
};
int A<int>::m() const { return x_‸; }
}
""",
        "module n; class n.A; function A.A; method A.m; function n.m",
        "n m",
        "vector",
        "A m x_",
    ),
    Sample(
        "csharp",
        """using System.Text;
namespace N {
  public class A : B {
    public int P { get; set; }
    public A(int x) { P = x; }
    int M(string s) => s.Length‸;
  }
}
""",
        "module N; class N.A; property A.P; method A.A; method A.M",
        "N A M",
        "System.Text",
        "Length",
    ),
    Sample(
        "ruby",
        """require "json"
module M
  class A < B
    def m(x)
      y = foo(x, K‸)
    end
    def self.s; end
  end
end
""",
        "module M; class M.A; method A.m; method A.s",
        "M A m",
        "json",
        "foo K",
    ),
    Sample(
        "php",
        """<?php
use C\\D;
use E\\{F, G as H};
class X extends D {
  public function m(int $a): int { return $a + foo($b‸); }
}
function q($z) { return $z; }
""",
        "class X; method X.m; function q",
        "X m",
        "D F H",
        "foo b",
    ),
    Sample(
        "lua",
        """local j = require("json")
local function f(a)
  return j.x(a‸)
end
function M.g(b) return b end
local h = function(c) return c end
M.k = function() return 1 end
""",
        "function f; function g; function h; function k",
        "f",
        "j",
        "j x",
    ),
    Sample(
        "shellscript",
        """source ./a.sh
f() {
  local x=1
  echo "$x" "$y‸"
}
function g { ls; }
""",
        "function f; function g",
        "f",
        "a.sh",
        "echo y",
    ),
    Sample(
        "html",
        """<html><head></head>
<body>
<div id="a">
<p>hi‸</p>
</div>
</body></html>
""",
        "element html; element html.head; element html.body; element body.div; element div.p",
        "html body div p",
        "",
        "p",
    ),
    Sample(
        "css",
        """@import "a.css";
.a, #b > p {
  color: red‸;
}
@media print {
  .c { width: 1px }
}
""",
        "rule .a, #b > p; rule @media; rule @media..c",
        ".a,\u00a0#b\u00a0>\u00a0p",
        "a.css",
        "a b p color",
    ),
    Sample("json", '{"a": {"b": [1‸, 2]}, "c": 1}\n', "key a; key a.b", "a b", "", "b"),
    Sample("yaml", "a:\n  b: 1\n  c:\n    - x‸\n    - y\nd: 2\n", "key a; key a.c", "a c", "", "c"),
    Sample(
        "toml", "x = 1\n[a.b]\ny = 2‸\n[[c]]\nz = 3\n", "table a.b; table c", "a.b", "", "a b y"
    ),
    Sample(
        "markdown",
        "# One\n\ntext\n\n## Two\n\n- a‸\n\n# Three\n",
        "section One; section One.Two; section Three",
        "One Two",
        "",
        "",
    ),
]
