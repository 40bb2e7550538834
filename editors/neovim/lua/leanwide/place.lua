--- The lines that a change is asked for; they move with the text.

local text = require("leanwide.text")

local M = {}

local SPACE = vim.api.nvim_create_namespace("leanwide.place")

---@class leanwide.Place
---@field private buffer integer
---@field private given table the LSP range at first
---@field private encoding string
---@field private mark integer an extmark
local Place = {}
Place.__index = Place

--- Return the byte of an LSP position in its line; 0 after the last line.
local function column(buffer, position, encoding)
  local line = vim.api.nvim_buf_get_lines(buffer, position.line, position.line + 1, false)[1]
  return line and text.byte(line, position.character, encoding) or 0
end

--- Follow an LSP range of a buffer. What is written in it or at its edges belongs to it.
---@param buffer integer
---@param range table
---@param encoding string
---@return leanwide.Place
function M.follow(buffer, range, encoding)
  local first, last = range.start, range["end"]
  local mark = vim.api.nvim_buf_set_extmark(buffer, SPACE, first.line, column(buffer, first, encoding), {
    end_row = last.line,
    end_col = column(buffer, last, encoding),
    right_gravity = false,
    end_right_gravity = true,
    strict = false,
  })
  return setmetatable({ buffer = buffer, given = range, encoding = encoding, mark = mark }, Place)
end

--- Return the present LSP range; an empty one, which is a cursor, stays empty.
---@return table
function Place:range()
  local mark = vim.api.nvim_buf_get_extmark_by_id(self.buffer, SPACE, self.mark, { details = true })
  if not mark[1] then
    return self.given -- the file was read again
  end
  local function position(row, byte)
    local line = vim.api.nvim_buf_get_lines(self.buffer, row, row + 1, false)[1] or ""
    return { line = row, character = text.character(line, byte, self.encoding) }
  end
  local start = position(mark[1], mark[2])
  local is_cursor = vim.deep_equal(self.given.start, self.given["end"])
  return { start = start, ["end"] = is_cursor and start or position(mark[3].end_row, mark[3].end_col) }
end

return M
