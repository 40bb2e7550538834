--- Positions and pieces of text. Neovim counts bytes, LSP counts code units of an encoding.

local M = {}

local has_encoding_argument = vim.fn.has("nvim-0.11") == 1

--- Return the byte index of an LSP character in a line, both counted from 0.
---@param line string
---@param character integer
---@param encoding string
---@return integer
function M.byte(line, character, encoding)
  if encoding == "utf-8" then
    return math.min(character, #line)
  end
  if has_encoding_argument then
    return vim.str_byteindex(line, encoding, character, false)
  end
  local ok, byte = pcall(vim.str_byteindex, line, character, encoding == "utf-16")
  return ok and byte or #line
end

--- Return the LSP character of a byte index in a line, both counted from 0.
---@param line string
---@param byte integer
---@param encoding string
---@return integer
function M.character(line, byte, encoding)
  local before = line:sub(1, byte)
  if encoding == "utf-8" then
    return #before
  end
  if has_encoding_argument then
    return vim.str_utfindex(before, encoding)
  end
  local in_utf32, in_utf16 = vim.str_utfindex(before)
  return encoding == "utf-16" and in_utf16 or in_utf32
end

--- Return a text with the line breaks of a buffer, whatever those of the file are.
---@param text string
---@return string
function M.with_lf(text)
  return (text:gsub("\r\n?", "\n"))
end

--- Return the first word of a text, with the white space before it.
---@param text string
---@return string
function M.first_word(text)
  return text:match("^%s*[%w_\128-\255]+") or text:match("^%s*[^%w_%s\128-\255]+") or text
end

--- Return the first line of a text that is not empty, with the line breaks before it.
---@param text string
---@return string
function M.first_line(text)
  return text:match("^\n*[^\n]+") or text
end

--- Return the lines `first` to `last`, both counted from 1 and included, as an LSP range.
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
