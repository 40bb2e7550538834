--- When the next edit is asked for: the user pauses after a change, and nothing else is going on.

local client = require("leanwide.client")
local request = require("leanwide.next_edit.request")
local shown = require("leanwide.next_edit.shown")

local M = {}

local PAUSE_MS = 300
--- How long after the last change an edit may follow from it in a buffer without unsaved changes.
local LATELY_MS = 120000

local timer = assert(vim.uv.new_timer())
local changed_at = -LATELY_MS
local ticks = {} ---@type table<integer, integer> |b:changedtick| after the last change, by buffer
local is_on = true

--- Whether there is something to ask for the current buffer as it is now.
local function has_question()
  local buffer = vim.api.nvim_get_current_buf()
  local has_changed = vim.bo[buffer].modified or vim.uv.now() - changed_at < LATELY_MS
  return is_on
    and has_changed
    and shown.is_empty()
    and shown.is_ready()
    and request.is_offered(buffer)
    and not request.has_answered(buffer)
end

--- Ask when the user pauses, if there is something to ask.
local function wait()
  timer:stop()
  if has_question() then
    timer:start(PAUSE_MS, 0, vim.schedule_wrap(function()
      if has_question() then
        request.ask(function(proposal)
          if proposal then
            shown.show(proposal)
          end
        end)
      end
    end))
  end
end

shown.after_accept = wait

local function stop()
  timer:stop()
  request.cancel()
  shown.forget()
end

--- Whether the last change of the current buffer was an undo.
local function is_undone()
  if vim.api.nvim_get_mode().mode ~= "n" then
    return false
  end
  local tree = vim.fn.undotree()
  return tree.seq_cur < tree.seq_last
end

local function after_change(buffer)
  local tick = vim.b[buffer].changedtick
  if ticks[buffer] == tick then
    return
  end
  ticks[buffer] = tick
  changed_at = vim.uv.now()
  shown.set_focus(true) -- some terminals tell only when it is lost
  if request.is_asked(buffer) or request.has_answered(buffer) then
    return -- the change is the accepted edit itself
  end
  stop()
  if is_undone() then
    request.skip(buffer) -- what was taken back must not come again at once
  else
    wait()
  end
end

local function after_move()
  shown.refresh()
  wait()
end

--- Tell the server which buffer the user looks at: next edits are searched there first.
local function tell_focus(buffer)
  if request.is_offered(buffer) then
    local document = { uri = vim.uri_from_bufnr(buffer) }
    client.notify(client.find(buffer), "textDocument/didFocus", { textDocument = document })
  end
end

local function autocommand(group, events, attributes, callback)
  local all = vim.tbl_extend("error", attributes, { group = group, callback = callback })
  vim.api.nvim_create_autocmd(events, all)
end

--- Show next edits in a buffer.
---@param buffer integer
function M.attach(buffer)
  ticks[buffer] = vim.b[buffer].changedtick
  local here = { buffer = buffer }
  local group = vim.api.nvim_create_augroup("leanwide.next_edit." .. buffer, {})
  autocommand(group, { "TextChanged", "TextChangedI", "TextChangedP" }, here, function()
    after_change(buffer)
  end)
  autocommand(group, "BufEnter", here, function()
    tell_focus(buffer)
  end)
  local moves = { "CursorMoved", "CursorMovedI", "InsertEnter", "InsertLeave", "BufEnter", "BufLeave" }
  autocommand(group, moves, here, vim.schedule_wrap(after_move))
end

--- Follow what is not about one buffer: the mode, the focus, ghost text, the end of the server.
function M.setup()
  local group = vim.api.nvim_create_augroup("leanwide.next_edit", {})
  autocommand(group, { "ModeChanged", "WinScrolled", "CompleteDone" }, {}, vim.schedule_wrap(after_move))
  autocommand(group, { "FocusLost", "FocusGained" }, {}, function(event)
    shown.set_focus(event.event == "FocusGained")
    after_move()
  end)
  autocommand(group, "LspRequest", {}, function(event)
    if event.data.request.method == "textDocument/inlineCompletion" then
      vim.schedule(shown.refresh)
    end
  end)
  autocommand(group, "LspDetach", {}, function(event)
    local server = vim.lsp.get_client_by_id(event.data.client_id)
    if server and server.name == client.name then
      stop()
    end
  end)
end

--- Switch next edits on or off until Neovim ends.
---@param on boolean
function M.switch(on)
  is_on = on
  stop()
end

return M
