--- Hunks: the runs of lines that text edits replace.

local text = require("leanwide.text")

local M = {}

---@class leanwide.Hunk
---@field row integer its first line, counted from 0
---@field before string[] the lines that it removes; none for an insertion
---@field after string[] the lines that it adds

local function drop_common(before, after)
  while #before > 0 and #after > 0 and before[#before] == after[#after] do
    table.remove(before)
    table.remove(after)
  end
  local dropped = 0
  while #before > 0 and #after > 0 and before[1] == after[1] do
    table.remove(before, 1)
    table.remove(after, 1)
    dropped = dropped + 1
  end
  return dropped
end

--- Return what a text edit does to the lines of a buffer.
---@param edit table an LSP text edit
---@param lines string[] the buffer's lines, which the edit is about
---@param encoding string
---@return leanwide.Hunk
local function hunk(edit, lines, encoding)
  local first, last = edit.range.start, edit.range["end"]
  local before = vim.list_slice(lines, first.line + 1, last.line + 1)
  local is_past_end = last.line >= #lines
  if is_past_end then
    table.insert(before, "") -- LSP's last line, empty after the final line break
  end
  local head = before[1]:sub(1, text.byte(before[1], first.character, encoding))
  local tail = before[#before]:sub(text.byte(before[#before], last.character, encoding) + 1)
  local whole = head .. text.with_lf(edit.newText) .. tail
  local after = vim.split(whole, "\n", { plain = true })
  if is_past_end then
    table.remove(before)
    if after[#after] == "" then
      table.remove(after)
    end
  end
  local row = first.line + drop_common(before, after)
  return { row = row, before = before, after = after }
end

--- Return the hunks of text edits, from the first line to the last; empty ones are left out.
---@param edits table[] LSP text edits
---@param lines string[] the buffer's lines, which the edits are about
---@param encoding string
---@return leanwide.Hunk[]
function M.of(edits, lines, encoding)
  local hunks = {}
  for _, edit in ipairs(edits) do
    local made = hunk(edit, lines, encoding)
    if #made.before + #made.after > 0 then
      table.insert(hunks, made)
    end
  end
  table.sort(hunks, function(one, other)
    return one.row < other.row
  end)
  return hunks
end

return M
