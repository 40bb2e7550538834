"""A small text of languages for which there is no grammar."""

from __future__ import annotations

from typing import Final

UNGRAMMATICAL: Final = {
    "kotlin": """package a.b

import a.c.Reader

/** Doc. */
internal class Store(private val names: Map<String, List<Int>>) {
    fun first(name: String): Int? {
        val all = names[name] ?: return null
        println("it's $name: ${all.joinToString(", ") { it.toString() }}")
        return if (all.isEmpty()) null else all.first()
    }
}
""",
    "swift": """import Foundation

struct Store: Codable {
    var names: [String: [Int]] = [:]

    func first(_ name: String) throws -> Int? {
        guard let all = names[name], !all.isEmpty else {
            throw StoreError.missing("no \\(name)")
        }
        return all.map { $0 + 1 }.first
    }
}
""",
    "dart": """import 'package:flutter/material.dart';

class Page extends StatelessWidget {
  const Page({super.key, required this.title});

  final String title;

  @override
  Widget build(BuildContext context) => Scaffold(
        appBar: AppBar(title: Text('It is ${title}')),
        body: Column(children: [Text(title), const Icon(Icons.add)]),
      );
}
""",
    "vue": """<script setup lang="ts">
import { ref } from './a.js'
const props = defineProps<{ size: number }>()
const open = ref(props.size > 3 ? 'a' : 'b')
</script>

<template>
  <div :class="{ open: open === 'a' }" @click="() => toggle('x')">
    <span v-if="size">{{ size.toFixed(2) }}</span>
  </div>
</template>
""",
    "elixir": """defmodule A.Store do
  use GenServer, restart: :temporary

  @doc "Reads it."
  def first(%{names: names} = state, name) when is_binary(name) do
    names |> Map.get(name, []) |> Enum.map(fn x -> {:ok, x + 1} end)
  end
end
""",
    "zig": """const std = @import("std");

pub fn first(names: []const []const u8) !?u8 {
    for (names, 0..) |name, i| {
        if (name.len == 0 or name[0] == '\\n') return error.Empty;
        std.debug.print("{s}: {d}\\n", .{ name, i });
    }
    return null;
}
""",
    "vim": """" Doc.
function! s:first(name, ...) abort
  let l:all = get(g:names, a:name, [])
  if empty(l:all) || a:0 > 1
    echoerr 'no '.a:name.' in it'
    return ''
  endif
  return l:all[0]
endfunction
""",
}
"""By LSP identifier."""
