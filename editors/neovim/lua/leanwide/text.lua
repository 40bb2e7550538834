--- Positions and pieces of text, in bytes as Neovim counts and in characters as the server does.

local M = {}

local modern = vim.fn.has("nvim-0.11") == 1

--- The byte of a line that a character of an LSP position is, both from 0.
---@param line string
---@param character integer
---@param encoding string
---@return integer
function M.byte(line, character, encoding)
  if encoding == "utf-8" then
    return math.min(character, #line)
  end
  if modern then
    return vim.str_byteindex(line, encoding, character, false)
  end
  local ok, byte = pcall(vim.str_byteindex, line, character, encoding == "utf-16")
  return ok and byte or #line
end

--- The next word of a text, with what is between it and the text's beginning.
---@param text string
---@return string
function M.first_word(text)
  return text:match("^%s*[%w_\128-\255]+") or text:match("^%s*[^%w_%s\128-\255]+") or text
end

--- The first line of a text that holds something; a line break at its beginning belongs to it.
---@param text string
---@return string
function M.first_line(text)
  return text:match("^\n*[^\n]+") or text
end

--- The range of lines as an LSP range: `first` to `last`, both counted from 1 and included.
---@param first integer
---@param last integer
---@return table
function M.lines(first, last)
  return {
    start = { line = first - 1, character = 0 },
    ["end"] = { line = last, character = 0 },
  }
end

return M
