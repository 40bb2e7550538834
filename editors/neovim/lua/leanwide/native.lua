--- Ghost text by Neovim's own `vim.lsp.inline_completion`, from 0.12 on.

local client = require("leanwide.client")
local text = require("leanwide.text")

local M = {}

--- Show suggestions in a buffer while the user types.
---@param buffer integer
function M.attach(buffer)
  vim.lsp.inline_completion.enable(true, { bufnr = buffer })
end

--- Make Neovim send its request again, as when the cursor moves; it has no function for that.
---@param buffer integer
function client.ask_again(buffer)
  local group = ("nvim.lsp.inline_completion:%d"):format(buffer)
  pcall(vim.api.nvim_exec_autocmds, "CursorMovedI", { group = group, buffer = buffer })
end

--- Whether ghost text shows; Neovim keeps an empty one where the line went another way.
function client.has_ghost(buffer)
  local space = vim.api.nvim_get_namespaces()["nvim.lsp.inline_completion"]
  local marks = space and vim.api.nvim_buf_get_extmarks(buffer, space, 0, -1, { details = true }) or {}
  return vim.iter(marks):any(function(mark)
    local look = mark[4]
    return look.virt_lines ~= nil or look.virt_text ~= nil and look.virt_text[1][1] ~= ""
  end)
end

--- Return the part of an item that is typed already: the text in the range that it replaces.
local function typed_part(item)
  if not item.range then
    return ""
  end
  local row, first, last_row, last = item.range:to_extmark()
  local parts = vim.api.nvim_buf_get_text(item.range.buf or 0, row, first, last_row, last, {})
  return table.concat(parts, "\n")
end

--- Return what was typed since an item came, between its range and the cursor; nil where the cursor is
--- elsewhere.
local function typed_since(item)
  if not item.range then
    return ""
  end
  local _, _, row, column = item.range:to_extmark()
  local cursor_row, cursor = unpack(vim.api.nvim_win_get_cursor(0))
  if cursor_row - 1 ~= row or cursor < column then
    return nil
  end
  return vim.api.nvim_get_current_line():sub(column + 1, cursor)
end

--- Remove the text before the cursor.
local function remove_before_cursor(length)
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  vim.api.nvim_buf_set_text(0, row - 1, column - length, row - 1, column, {})
end

--- Insert the shown suggestion, or the part of it that `choose` returns.
---@param choose fun(text: string): string
---@return boolean # whether a suggestion was shown
function M.accept(choose)
  if not client.has_ghost(vim.api.nvim_get_current_buf()) then
    return false
  end
  return vim.lsp.inline_completion.get({
    on_accept = function(item)
      local server = vim.lsp.get_client_by_id(item.client_id)
      if type(item.insert_text) ~= "string" or not server or server.name ~= client.name then
        return item
      end
      item.insert_text = text.with_lf(item.insert_text)
      local before, since = typed_part(item), typed_since(item)
      local typed = since and before .. since
      if not typed or not vim.startswith(item.insert_text, typed) then
        return nil -- the line was changed, such as by the popup menu
      end
      remove_before_cursor(#since) -- the item brings it
      local rest = item.insert_text:sub(#typed + 1)
      local part = choose(rest)
      if #part < #rest then
        item.insert_text = typed .. part
        item.command = nil
      end
      return item
    end,
  })
end

return M
