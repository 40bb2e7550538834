--- What a next edit changes: words within lines, or whole lines.

local hunks = require("leanwide.hunks")

local M = {}

---@class leanwide.WordChange
---@field row integer from 0
---@field first integer the first byte that goes, from 0
---@field last integer the byte after the last one that goes
---@field text string what comes in their place

---@class leanwide.Change: leanwide.Hunk
---@field words? leanwide.WordChange[] the changes within the lines; nil where their number changes

local WORD = "[%w_\128-\255]"

local function common_length(before, after, step, most)
  local count = 0
  while count < most do
    local one, other = step(before, count), step(after, count)
    if one ~= other then
      break
    end
    count = count + 1
  end
  return count
end

local function from_start(text, index)
  return text:byte(index + 1)
end

local function from_end(text, index)
  return text:byte(#text - index)
end

--- Return the bytes that differ in a line. A name is replaced as a whole: its common letters say nothing.
---@return leanwide.WordChange
local function word_change(before, after, row)
  local most = math.min(#before, #after)
  local head = common_length(before, after, from_start, most)
  local tail = common_length(before, after, from_end, most - head)
  local function differs_by(pattern)
    local old, new = before:sub(head + 1, #before - tail), after:sub(head + 1, #after - tail)
    return old:find(pattern) or new:find(pattern)
  end
  if differs_by("^" .. WORD) then
    head = head - #before:sub(1, head):match(WORD .. "*$")
  end
  if differs_by(WORD .. "$") then
    tail = tail - #before:sub(#before - tail + 1):match("^" .. WORD .. "*")
  end
  return { row = row, first = head, last = #before - tail, text = after:sub(head + 1, #after - tail) }
end

--- Return what an edit changes in a buffer; nil where it changes nothing.
---@param edit table a next edit
---@param buffer integer
---@param encoding string
---@return leanwide.Change?
function M.of(edit, buffer, encoding)
  local lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
  local change = hunks.of({ { range = edit.range, newText = edit.text } }, lines, encoding)[1]
  if not change or #change.before ~= #change.after then
    return change
  end
  change.words = {}
  for index, before in ipairs(change.before) do
    if before ~= change.after[index] then
      table.insert(change.words, word_change(before, change.after[index], change.row + index - 1))
    end
  end
  return change
end

--- Return the row and the byte behind the last text that a change brings, both from 0.
---@param change leanwide.Change
---@return integer row
---@return integer column
function M.end_of(change)
  local last = change.words and change.words[#change.words]
  if last then
    return last.row, last.first + #last.text
  end
  if #change.after == 0 then
    return change.row, 0
  end
  return change.row + #change.after - 1, #change.after[#change.after]
end

return M
