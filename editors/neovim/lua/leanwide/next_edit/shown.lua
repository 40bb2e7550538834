--- The next edit that is proposed: shown, jumped to, accepted, dismissed.

local changes = require("leanwide.next_edit.change")
local client = require("leanwide.client")
local options = require("leanwide.options")
local request = require("leanwide.next_edit.request")
local review = require("leanwide.review")
local version = require("leanwide.version")
local view = require("leanwide.next_edit.view")

local M = {}

--- Most milliseconds that a key waits for the edit after an accepted one.
local CHAIN_MS = 500

local proposal ---@type leanwide.Proposal?
local drawn_in ---@type integer? the buffer
local is_told = false
local is_chain = false -- the last key accepted one: the next is accepted where it is in sight
local is_continuing = false -- one was accepted, and the next one is asked for
local waiting = 0 -- keys that came meanwhile

local has_focus = true

--- Called when the edit after an accepted one was asked for; `init.lua` replaces this function.
function M.after_accept() end

--- Whether the editor is in a state in which an edit may be asked for and shown.
---@return boolean
function M.is_ready()
  local mode = vim.api.nvim_get_mode().mode
  local is_recording = vim.fn.reg_recording() ~= "" or vim.fn.reg_executing() ~= ""
  return has_focus
    and (mode == "n" or mode == "i")
    and vim.fn.pumvisible() == 0
    and not is_recording
    and not vim.snippet.active()
    and not review.is_in(vim.api.nvim_get_current_buf())
end

---@param focus boolean
function M.set_focus(focus)
  has_focus = focus
end

---@return boolean
function M.is_empty()
  return proposal == nil and not is_continuing
end

--- Return the proposal where it is for the current buffer as it is now, else nil.
local function here()
  local buffer = vim.api.nvim_get_current_buf()
  local is_here = proposal and proposal.buffer == buffer
  return is_here and proposal.tick == vim.b[buffer].changedtick and proposal or nil
end

--- Whether the proposal may show now: here, or as a hint to another buffer.
local function can_show()
  local buffer = vim.api.nvim_get_current_buf()
  if not proposal or not M.is_ready() or client.has_ghost(buffer) then
    return false
  end
  return (proposal.buffer ~= buffer and proposal.asked_in == buffer) or here() ~= nil
end

--- Return the first and the last row that a change is at; lines after the last one are at that one.
local function rows(change)
  local end_of_buffer = vim.api.nvim_buf_line_count(0) - 1
  local last = math.min(change.row + math.max(#change.before, 1) - 1, end_of_buffer)
  return math.min(change.row, end_of_buffer), last
end

local function is_in_sight(change)
  local row = rows(change)
  return vim.fn.line("w0") <= row + 1 and row + 1 <= vim.fn.line("w$")
end

--- Whether the key accepts the edit, and does not jump to it.
local function is_accepted()
  local change = here() and proposal.change
  if not change then
    return false
  end
  local cursor = vim.api.nvim_win_get_cursor(0)[1] - 1
  local first, last = rows(change)
  return (first <= cursor and cursor <= last) or (is_chain and is_in_sight(change))
end

--- Return the row of the hint and its text.
local function hint()
  local key = options.current.keys.next_edit or "next edit:"
  local change = here() and proposal.change
  if change and is_in_sight(change) then
    return rows(change), ("%s %s"):format(key, is_accepted() and "accept" or "go here")
  end
  local line = proposal.edit.range.start.line + 1
  local path = vim.uri_to_fname(proposal.edit.textDocument.uri)
  local name = change and "" or " of " .. vim.fs.basename(path)
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  return row, ("%s next edit in line %d%s"):format(key, line, name)
end

local function tell_shown()
  if not is_told then
    is_told = true
    local shown = { item = { command = proposal.edit.command } }
    client.notify(proposal.client, "textDocument/didShowInlineEdit", shown)
  end
end

--- Draw the proposal where it may show now.
function M.refresh()
  if drawn_in then
    view.clear(drawn_in)
    drawn_in = nil
  end
  if can_show() then
    drawn_in = vim.api.nvim_get_current_buf()
    local row, text = hint()
    view.draw(drawn_in, row, text, here() and proposal.change)
    tell_shown()
  end
end

--- Show a proposal, or what holds instead of it: ghost text, a menu, another mode.
---@param next_proposal leanwide.Proposal?
function M.show(next_proposal)
  proposal, is_told = next_proposal, false
  M.refresh()
end

--- Remove the proposal.
function M.forget()
  is_chain = false
  M.show(nil)
end

--- Tell the server what became of an edit, by a command.
local function tell_decision(server, command)
  client.request(server, "workspace/executeCommand", command, function() end)
end

--- Remove the proposal where it shows, and tell the server that it was not wanted.
---@return boolean # whether there was one
function M.dismiss()
  if not can_show() then
    return false
  end
  local server, arguments = proposal.client, proposal.edit.command.arguments
  local command = { command = "leanwide.nextEditRejected", arguments = arguments }
  vim.schedule(function()
    M.forget()
    tell_decision(server, command)
  end)
  return true
end

local function jump()
  local edit, encoding = proposal.edit, proposal.client.offset_encoding
  local buffer = vim.uri_to_bufnr(edit.textDocument.uri)
  vim.cmd.mark("'")
  if buffer ~= vim.api.nvim_get_current_buf() then
    local place = { uri = edit.textDocument.uri, range = edit.range }
    vim.lsp.util.show_document(place, encoding, { focus = true })
    if not version.is_current(edit.textDocument) then
      return M.forget()
    end
    request.locate(proposal)
  end
  local change = proposal.change
  if not change then
    return M.forget()
  end
  local column = change.words and change.words[1].first or 0
  vim.api.nvim_win_set_cursor(0, { rows(change) + 1, column })
  M.refresh()
end

--- Close the block of changes that one undo takes back.
local function break_undo(buffer)
  vim.bo[buffer].undolevels = vim.bo[buffer].undolevels
end

--- Replace the text as one step of undo, and ask for the next edit at once.
local function accept()
  local accepted = proposal
  local buffer, change = accepted.buffer, accepted.change
  is_continuing = true
  M.show(nil)
  break_undo(buffer)
  local edit = { range = accepted.edit.range, newText = accepted.edit.text }
  vim.lsp.util.apply_text_edits({ edit }, buffer, accepted.client.offset_encoding)
  break_undo(buffer)
  local row, column = changes.end_of(change)
  local last = vim.api.nvim_buf_line_count(buffer)
  vim.api.nvim_win_set_cursor(0, { math.min(row + 1, last), column })
  local command = accepted.edit.command
  tell_decision(accepted.client, { command = command.command, arguments = command.arguments })
  request.ask(function(next_proposal)
    is_continuing, is_chain = false, true
    M.show(next_proposal)
    local keys = waiting
    waiting = 0
    for _ = 1, keys do
      if can_show() or is_continuing then
        M.act()
      else
        -- There is no edit after the accepted one, so the key does what it does without one.
        vim.api.nvim_feedkeys(vim.keycode(options.current.keys.next_edit or ""), "m", false)
      end
    end
    M.after_accept()
  end, CHAIN_MS)
end

--- Whether a key would jump to the proposal, accept it, or wait for the one after it.
---@return boolean
function M.can_act()
  return is_continuing or can_show()
end

--- Jump to the proposal, or accept it where the cursor is at it.
function M.act()
  if is_continuing then
    waiting = waiting + 1
  elseif not can_show() then
    return -- the text was changed meanwhile
  elseif is_accepted() then
    accept()
  else
    jump()
  end
end

return M
