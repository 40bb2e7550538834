--- Ghost text for Neovim 0.10 and 0.11, which have no `vim.lsp.inline_completion` yet.

local client = require("leanwide.client")
local text = require("leanwide.text")

local M = {}

local DEBOUNCE_MS = 75
local AUTOMATIC = 2
local namespace = vim.api.nvim_create_namespace("leanwide.ghost")

---@class leanwide.Suggestion
---@field buffer integer
---@field row integer
---@field column integer in bytes; where `text` is to be inserted
---@field text string
---@field command? table run after the whole text was accepted

local shown ---@type leanwide.Suggestion?
local cancel = function() end
local timer = assert(vim.uv.new_timer())

local function clear()
  if shown and vim.api.nvim_buf_is_valid(shown.buffer) then
    vim.api.nvim_buf_clear_namespace(shown.buffer, namespace, 0, -1)
  end
  shown = nil
end

---@param suggestion leanwide.Suggestion
local function show(suggestion)
  clear()
  local lines = vim.split(suggestion.text, "\n", { plain = true })
  local below = vim.tbl_map(function(line)
    return { { line, "LeanwideGhost" } }
  end, vim.list_slice(lines, 2))
  vim.api.nvim_buf_set_extmark(suggestion.buffer, namespace, suggestion.row, suggestion.column, {
    virt_text = { { lines[1], "LeanwideGhost" } },
    virt_text_pos = "inline",
    virt_lines = below,
  })
  shown = suggestion
end

--- What of a text is not typed yet, at the cursor; nil where something else was typed.
---@param text string
---@param start integer the byte of the cursor's line where the text begins
---@return leanwide.Suggestion?
local function rest(buffer, text, start, command)
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local line = vim.api.nvim_buf_get_lines(buffer, row - 1, row, false)[1] or ""
  local typed = line:sub(start + 1, column)
  if column < start or not vim.startswith(text, typed) or #text == #typed then
    return nil
  end
  return {
    buffer = buffer,
    row = row - 1,
    column = column,
    text = text:sub(#typed + 1),
    command = command,
  }
end

--- What of an item is not typed yet.
local function rest_of(item, buffer, encoding)
  if type(item.insertText) ~= "string" then
    return nil
  end
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local start = column
  if item.range then
    local line = vim.api.nvim_buf_get_lines(buffer, row - 1, row, false)[1] or ""
    start = text.byte(line, item.range.start.character, encoding)
  end
  return rest(buffer, item.insertText, start, item.command)
end

--- What is left of what is shown, where that is being typed.
local function typed_through(buffer)
  local there = shown and shown.buffer == buffer
  if not there or shown.row ~= vim.api.nvim_win_get_cursor(0)[1] - 1 then
    return nil
  end
  return rest(buffer, shown.text, shown.column, shown.command)
end

local function ask(buffer)
  local server = client.find(buffer)
  if not server or vim.api.nvim_get_current_buf() ~= buffer then
    return
  end
  local tick = vim.api.nvim_buf_get_changedtick(buffer)
  local params = vim.lsp.util.make_position_params(0, server.offset_encoding)
  params.context = { triggerKind = AUTOMATIC }
  cancel = client.request(server, "textDocument/inlineCompletion", params, function(error, result)
    local moved = tick ~= vim.api.nvim_buf_get_changedtick(buffer)
    if error or moved or vim.fn.mode():sub(1, 1) ~= "i" then
      return
    end
    local item = result and (result.items or result)[1]
    local suggestion = item and rest_of(item, buffer, server.offset_encoding)
    if suggestion then
      show(suggestion)
    else
      clear()
    end
  end, buffer)
end

client.ask_again = ask

local function typed(buffer)
  cancel()
  local left = typed_through(buffer)
  if left then
    show(left)
  else
    clear()
  end
  timer:start(DEBOUNCE_MS, 0, vim.schedule_wrap(function()
    ask(buffer)
  end))
end

local function stop()
  timer:stop()
  cancel()
  clear()
end

--- Show suggestions while somebody types in a buffer.
---@param buffer integer
function M.attach(buffer)
  vim.api.nvim_set_hl(0, "LeanwideGhost", { link = "Comment", default = true })
  local group = vim.api.nvim_create_augroup("leanwide.ghost." .. buffer, {})
  vim.api.nvim_create_autocmd({ "InsertEnter", "TextChangedI", "CursorMovedI" }, {
    group = group,
    buffer = buffer,
    callback = function()
      typed(buffer)
    end,
  })
  vim.api.nvim_create_autocmd({ "InsertLeave", "BufLeave" }, {
    group = group,
    buffer = buffer,
    callback = stop,
  })
end

--- Insert what is shown, or the part of it that `choose` gives.
---@param choose fun(text: string): string
---@return boolean # whether there was something
function M.accept(choose)
  if not shown then
    return false
  end
  -- An expression mapping may not change text: it happens right afterwards.
  vim.schedule(function()
    local suggestion = shown
    stop()
    if not suggestion then
      return
    end
    local part = choose(suggestion.text)
    local lines = vim.split(part, "\n", { plain = true })
    local row, column = suggestion.row, suggestion.column
    vim.api.nvim_buf_set_text(suggestion.buffer, row, column, row, column, lines)
    local before = #lines == 1 and column or 0
    vim.api.nvim_win_set_cursor(0, { row + #lines, before + #lines[#lines] })
    if suggestion.command and #part == #suggestion.text then
      client.run(suggestion.buffer, suggestion.command.command, { done = function() end })
    end
  end)
  return true
end

return M
