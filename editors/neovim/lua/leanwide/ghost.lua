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
---@field column integer in bytes: where `text` goes
---@field text string
---@field tick integer |b:changedtick| of the buffer that it continues
---@field command? table run when the whole text is accepted

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

--- Return the part of a text that is not typed yet; nil where something else was typed.
---@param text string
---@param start integer the byte of the cursor's line where the text begins
---@return leanwide.Suggestion?
local function untyped(buffer, text, start, command)
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
    tick = vim.api.nvim_buf_get_changedtick(buffer),
    command = command,
  }
end

--- Return the part of an LSP item that is not typed yet.
local function untyped_part(item, buffer, encoding)
  if type(item.insertText) ~= "string" then
    return nil
  end
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local start = column
  if item.range then
    local line = vim.api.nvim_buf_get_lines(buffer, row - 1, row, false)[1] or ""
    start = text.byte(line, item.range.start.character, encoding)
  end
  return untyped(buffer, text.with_lf(item.insertText), start, item.command)
end

--- Return the rest of the shown suggestion, where the user types it through.
local function typed_through(buffer)
  local is_here = shown and shown.buffer == buffer
  if not is_here or shown.row ~= vim.api.nvim_win_get_cursor(0)[1] - 1 then
    return nil
  end
  return untyped(buffer, shown.text, shown.column, shown.command)
end

local function request(buffer)
  local server = client.find(buffer)
  if not server or vim.api.nvim_get_current_buf() ~= buffer then
    return
  end
  local tick = vim.api.nvim_buf_get_changedtick(buffer)
  local params = vim.lsp.util.make_position_params(0, server.offset_encoding)
  params.context = { triggerKind = AUTOMATIC }
  cancel = client.request(server, "textDocument/inlineCompletion", params, function(error, result)
    local has_changed = tick ~= vim.api.nvim_buf_get_changedtick(buffer)
    if error or has_changed or vim.fn.mode():sub(1, 1) ~= "i" then
      return
    end
    local item = result and (result.items or result)[1]
    local suggestion = item and untyped_part(item, buffer, server.offset_encoding)
    if suggestion then
      show(suggestion)
    else
      clear()
    end
  end, buffer)
end

client.ask_again = request

function client.has_ghost(buffer)
  return shown ~= nil and shown.buffer == buffer
end

local function on_key(buffer)
  cancel()
  local rest = typed_through(buffer)
  if rest then
    show(rest)
  else
    clear()
  end
  timer:start(DEBOUNCE_MS, 0, vim.schedule_wrap(function()
    request(buffer)
  end))
end

local function stop()
  timer:stop()
  cancel()
  clear()
end

--- Show suggestions in a buffer while the user types.
---@param buffer integer
function M.attach(buffer)
  vim.api.nvim_set_hl(0, "LeanwideGhost", { link = "Comment", default = true })
  local group = vim.api.nvim_create_augroup("leanwide.ghost." .. buffer, {})
  local events = { "InsertEnter", "TextChangedI", "TextChangedP", "CompleteDone", "CursorMovedI" }
  vim.api.nvim_create_autocmd(events, {
    group = group,
    buffer = buffer,
    callback = function()
      on_key(buffer)
    end,
  })
  vim.api.nvim_create_autocmd({ "InsertLeave", "BufLeave" }, {
    group = group,
    buffer = buffer,
    callback = stop,
  })
end

--- Return what a key accepts: the suggestion, or the rest of it where its beginning was typed just now;
--- nil where the line or the cursor is another one.
---@return leanwide.Suggestion?
local function acceptable()
  local rest = typed_through(vim.api.nvim_get_current_buf())
  if rest and (rest.column > shown.column or rest.tick == shown.tick) then
    return rest
  end
  return nil
end

--- Insert the shown suggestion, or the part of it that `choose` returns.
---@param choose fun(text: string): string
---@return boolean # whether a suggestion was shown
function M.accept(choose)
  local found = acceptable()
  if not found then
    return false
  end
  -- An expression mapping must not change text, so the change happens right after it.
  vim.schedule(function()
    if not shown then
      return -- another key has accepted it
    end
    -- Neovim runs a mapping before it inserts the keys that were typed together with it.
    local suggestion = acceptable() or found
    stop()
    local part = choose(suggestion.text)
    local lines = vim.split(part, "\n", { plain = true })
    local row, column = suggestion.row, suggestion.column
    vim.api.nvim_buf_set_text(suggestion.buffer, row, column, row, column, lines)
    local before = #lines == 1 and column or 0
    vim.api.nvim_win_set_cursor(0, { row + #lines, before + #lines[#lines] })
    if suggestion.command and #part == #suggestion.text then
      local argument = (suggestion.command.arguments or {})[1]
      local name = suggestion.command.command
      client.run(suggestion.buffer, name, { argument = argument, done = function() end })
    end
  end)
  return true
end

return M
