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

function client.has_ghost(buffer)
  local space = vim.api.nvim_get_namespaces()["nvim.lsp.inline_completion"]
  return space ~= nil and #vim.api.nvim_buf_get_extmarks(buffer, space, 0, -1, { limit = 1 }) > 0
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

--- Insert the shown suggestion, or the part of it that `choose` returns.
---@param choose fun(text: string): string
---@return boolean # whether a suggestion was shown
function M.accept(choose)
  return vim.lsp.inline_completion.get({
    on_accept = function(item)
      local server = vim.lsp.get_client_by_id(item.client_id)
      if type(item.insert_text) ~= "string" or not server or server.name ~= client.name then
        return item
      end
      item.insert_text = text.with_lf(item.insert_text)
      local typed = typed_part(item)
      if not vim.startswith(item.insert_text, typed) then
        return item
      end
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
