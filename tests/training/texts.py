"""One documented function in each language, for tests that hold for every language."""

from __future__ import annotations

from typing import Final

TEXTS: Final = {
    "javascript": ("a.js", """\
const pad = 4;

/**
 * Joins the names into one “line”.
 *
 * @param {string[]} names
 */
function joinNames(names, separator) {
  const kept = names.filter((name) => name);
  // the last one counts
  return kept.join(separator);
}
"""),
    "typescript": ("a.tsx", """\
const pad = 4;

/** Joins the names into one “line”. */
export function joinNames(names: Array<string>, separator: string): string {
  const kept = names.filter((name) => name);
  // the last one counts
  return kept.join(separator);
}
"""),
    "go": ("a.go", """\
package names

// joinNames joins the names into one “line”.
func joinNames(names []string, separator interface{}) string {
	kept := filter(names, 4)
	// the last one counts
	return strings.Join(kept, separator)
}
"""),
    "rust": ("a.rs", """\
use std::fmt;

/// Joins the names into one “line”.
///
/// # Panics
#[inline]
pub fn join_names(names: &[String], separator: &str) -> String {
    let kept = filter(names, 4);
    // the last one counts
    kept.join(separator)
}
"""),
    "c": ("a.c", """\
#include <stdio.h>

/* Joins the names into one “line”. */
char *join_names(char **names, int separator)
{
    char **kept = filter(names, 4);
    // the last one counts
    return join(kept, separator);
}
"""),
    "cpp": ("a.hpp", """\
namespace names {

/// \\brief Joins the names into one “line”.
inline std::string join_names(const Names& names, char separator) {
    auto kept = filter(names, NULL);
    // the last one counts
    return join(kept, separator);
}

}
"""),
    "java": ("A.java", """\
class A {
    /**
     * Joins the {@code names} into one “line”.
     *
     * @return the line
     */
    @Override
    String joinNames(List<String> names, char separator) {
        List<String> kept = filter(names, 4);
        // the last one counts
        return join(kept, separator);
    }
}
"""),
    "bash": ("a.sh", """\
set -e

# Joins the names into one “line”.
join_names() {
    local kept=`filter "$1"`
    # the last one counts
    printf '%s' "$kept"
}
"""),
}  # fmt: skip
"""By language: a path, and a text with non-ASCII characters, which the parser counts in bytes."""
