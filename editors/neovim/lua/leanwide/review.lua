--- A review of a change in the buffer that it is about: what goes is highlighted, what comes is shown
--- as virtual lines, and the text stays as it is until a hunk is accepted and the model is done.

local bar = require("leanwide.bar")
local hunks = require("leanwide.hunks")
local keys = require("leanwide.keys")
local options = require("leanwide.options")

local M = {}

local ANCHORS = vim.api.nvim_create_namespace("leanwide.review.anchors")
local LOOKS = vim.api.nvim_create_namespace("leanwide.review")
local ACCEPTED = "  ✓ accepted"

---@class leanwide.Shown: leanwide.Hunk
---@field anchor integer an extmark on `row`, or on the line above an insertion
---@field offset integer lines from the extmark to the hunk

---@class leanwide.Review
---@field private buffer integer
---@field private window integer
---@field private title string
---@field private encoding string
---@field private lines string[] the buffer's lines when the model was asked
---@field private version integer of these lines
---@field private cancel fun() ends the request
---@field private hunks leanwide.Shown[] those that are neither rejected nor applied
---@field private decided table<string, "accepted"|"rejected"> by hunk
---@field private written string the last line that the model wrote
---@field private is_writing boolean
---@field private restore fun()[] give the keys back
---@field private accepted fun() called when a part of the whole change is applied
local Review = {}
Review.__index = Review

local open = {} ---@type table<integer, leanwide.Review> by buffer

local function set_highlights()
  local is_dark = vim.o.background == "dark"
  local removed = { bg = is_dark and "NvimDarkRed" or "NvimLightRed", ctermbg = "DarkRed" }
  vim.api.nvim_set_hl(0, "LeanwideAdded", { link = "DiffAdd", default = true })
  vim.api.nvim_set_hl(0, "LeanwideRemoved", vim.tbl_extend("error", removed, { default = true }))
  vim.api.nvim_set_hl(0, "LeanwideBar", { link = "WinBar", default = true })
end

--- What a hunk is known by: the same one comes again in the next list.
local function identity(hunk)
  return vim.inspect({ hunk.row, hunk.before, hunk.after })
end

local function tell_changed()
  vim.notify("leanwide: the file changed meanwhile: ask again", vim.log.levels.WARN)
end

---@class leanwide.ReviewOf
---@field title string such as `Refactor`
---@field encoding string of the edits' positions
---@field cancel fun() ends the request
---@field again fun() asks the model again

--- Open a review in a buffer; it takes the place of an earlier one there.
---@param buffer integer
---@param about leanwide.ReviewOf
---@return leanwide.Review
function M.open(buffer, about)
  if open[buffer] then
    open[buffer]:stop()
  end
  set_highlights()
  local review = setmetatable({
    buffer = buffer,
    window = vim.api.nvim_get_current_win(),
    title = about.title,
    encoding = about.encoding,
    lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, false),
    version = vim.lsp.util.buf_versions[buffer],
    cancel = about.cancel,
    hunks = {},
    decided = {},
    written = "",
    is_writing = true,
    restore = {},
    accepted = function() end,
  }, Review)
  open[buffer] = review
  review:map(about.again)
  review:draw()
  return review
end

--- Whether a buffer shows a change in review.
---@param buffer integer
---@return boolean
function M.is_in(buffer)
  return open[buffer] ~= nil
end

---@private
function Review:map(again)
  local function key(name, description, action)
    local mapped = options.current.review_keys[name]
    if mapped then
      table.insert(self.restore, keys.borrow(self.buffer, mapped, description, action))
    end
  end
  key("accept", "Accept all changes", function()
    self:decide(self.hunks, "accepted")
  end)
  key("accept_hunk", "Accept the change at the cursor, or go to the next", function()
    self:decide_at_cursor("accepted")
  end)
  key("reject_hunk", "Reject the change at the cursor, or go to the next", function()
    self:decide_at_cursor("rejected")
  end)
  key("reject", "Stop the model, or reject what was not accepted", function()
    self:stop()
  end)
  key("again", "Reject what was not accepted, and ask again", function()
    self:stop()
    again()
  end)
end

---@return boolean
function Review:is_open()
  return open[self.buffer] == self
end

--- Tell what the model writes.
---@param text string its next piece
function Review:tell(text)
  if self:is_open() and text ~= "" then
    self.written = (self.written .. text):match("[^\n]*\n*$")
    self:draw_bar()
  end
end

--- Show all hunks that are settled so far; they take the place of the earlier ones. Where the buffer was
--- changed since the model was asked, the review ends.
---@param edits table[] LSP text edits of the buffer as it was then
function Review:show(edits)
  if not self:is_open() then
    return
  end
  if vim.lsp.util.buf_versions[self.buffer] ~= self.version then
    self:stop()
    return tell_changed()
  end
  vim.api.nvim_buf_clear_namespace(self.buffer, ANCHORS, 0, -1)
  self.hunks = {}
  for _, hunk in ipairs(hunks.of(edits, self.lines, self.encoding)) do
    if self.decided[identity(hunk)] ~= "rejected" then
      local offset = #hunk.before == 0 and hunk.row > 0 and 1 or 0
      hunk.offset = offset
      hunk.anchor = vim.api.nvim_buf_set_extmark(self.buffer, ANCHORS, hunk.row - offset, 0, {})
      table.insert(self.hunks, hunk)
    end
  end
  self:draw()
end

--- Show the whole change, and apply what was accepted while the model wrote.
---@param edits table[] LSP text edits of the buffer as it was when the model was asked
---@param accepted fun() called when a part of it is applied
function Review:finish(edits, accepted)
  if self:is_open() then
    self.is_writing = false
    self.accepted = accepted
    self:show(edits)
  end
  if self:is_open() then
    self:settle()
  end
end

--- End the review and the request: what was accepted is applied, the rest is left out.
function Review:stop()
  if not self:is_open() then
    return
  end
  local is_writing = self.is_writing
  self.is_writing = false
  self:close()
  if is_writing then
    self.cancel()
  end
  self:apply_accepted()
end

---@private
function Review:close()
  open[self.buffer] = nil
  if not vim.api.nvim_buf_is_valid(self.buffer) then
    return
  end
  vim.api.nvim_buf_clear_namespace(self.buffer, LOOKS, 0, -1)
  for _, restore in ipairs(self.restore) do
    restore()
  end
  bar.remove(self.window, self.buffer)
end

--- Return the present line of a hunk, counted from 0.
---@private
function Review:row(hunk)
  local mark = vim.api.nvim_buf_get_extmark_by_id(self.buffer, ANCHORS, hunk.anchor, {})
  return (mark[1] or hunk.row) + hunk.offset
end

---@private
function Review:is_accepted(hunk)
  return self.decided[identity(hunk)] == "accepted"
end

--- Apply the accepted hunks as one step of undo. One whose lines were changed meanwhile is left out.
---@private
function Review:apply_accepted()
  if not vim.api.nvim_buf_is_loaded(self.buffer) then
    return
  end
  local waiting, is_stale = {}, false
  for place = #self.hunks, 1, -1 do
    local hunk = self.hunks[place]
    if self:is_accepted(hunk) then
      local row = self:row(hunk)
      local last = row + #hunk.before
      local present = vim.api.nvim_buf_get_lines(self.buffer, row, last, false)
      if vim.deep_equal(present, hunk.before) then
        vim.api.nvim_buf_set_lines(self.buffer, row, last, false, hunk.after)
        self.accepted()
      else
        is_stale = true
      end
    else
      table.insert(waiting, 1, hunk)
    end
  end
  self.hunks = waiting
  if is_stale then
    tell_changed()
  end
end

--- Apply what was accepted; the review ends when nothing is left to decide.
---@private
function Review:settle()
  if not self.is_writing then
    self:apply_accepted()
    if #self.hunks == 0 then
      return self:close()
    end
  end
  self:draw()
end

--- Decide about hunks. While the model writes, that only marks them, and the same key takes it back.
---@private
---@param about leanwide.Shown[]
---@param decision "accepted"|"rejected"
function Review:decide(about, decision)
  local decided = {}
  for _, hunk in ipairs(about) do
    self.decided[identity(hunk)] = decision
    decided[hunk] = true
  end
  if decision == "rejected" then
    self.hunks = vim.tbl_filter(function(hunk)
      return not decided[hunk]
    end, self.hunks)
  end
  self:settle()
end

---@private
function Review:decide_at_cursor(decision)
  local cursor = vim.api.nvim_win_get_cursor(0)[1] - 1
  for _, hunk in ipairs(self.hunks) do
    local row = self:row(hunk)
    local first = #hunk.before == 0 and row - 1 or row
    if first <= cursor and cursor <= row + math.max(#hunk.before - 1, 0) then
      if self.is_writing and decision == "accepted" and self:is_accepted(hunk) then
        self.decided[identity(hunk)] = nil
        return self:draw()
      end
      self:decide({ hunk }, decision)
      break
    end
  end
  self:go_to_next(cursor)
end

--- Move the cursor to the next hunk that waits for a decision.
---@private
---@param cursor integer
function Review:go_to_next(cursor)
  local rows = {}
  for _, hunk in ipairs(self.hunks) do
    if not self:is_accepted(hunk) then
      table.insert(rows, self:row(hunk))
    end
  end
  for _, row in ipairs(rows) do
    if row > cursor then
      return self:go_to(row)
    end
  end
  if rows[1] then
    self:go_to(rows[1])
  end
end

---@private
function Review:go_to(row)
  local count = vim.api.nvim_buf_line_count(self.buffer)
  vim.api.nvim_win_set_cursor(0, { math.min(row + 1, count), 0 })
end

---@private
function Review:draw()
  vim.api.nvim_buf_clear_namespace(self.buffer, LOOKS, 0, -1)
  for _, hunk in ipairs(self.hunks) do
    self:draw_hunk(hunk)
  end
  self:draw_bar()
end

--- Return a hunk's added lines as virtual ones. They are padded, so that all of the line is coloured.
---@private
function Review:added(hunk)
  local tab = (" "):rep(vim.bo[self.buffer].tabstop)
  local added = {}
  for index, line in ipairs(hunk.after) do
    local shown = line:gsub("\t", tab)
    local mark = index == 1 and self:is_accepted(hunk) and ACCEPTED or ""
    local width = vim.fn.strdisplaywidth(shown .. mark)
    local padding = (" "):rep(math.max(0, vim.o.columns - width))
    table.insert(added, { { shown, "LeanwideAdded" }, { mark .. padding, "LeanwideAdded" } })
  end
  return added
end

---@private
function Review:draw_hunk(hunk)
  local row, added = self:row(hunk), self:added(hunk)
  for index = row, row + #hunk.before - 1 do
    vim.api.nvim_buf_set_extmark(self.buffer, LOOKS, index, 0, { line_hl_group = "LeanwideRemoved" })
  end
  local is_on_top = row == 0 and #hunk.before == 0
  vim.api.nvim_buf_set_extmark(self.buffer, LOOKS, math.max(0, row + #hunk.before - 1), 0, {
    virt_lines = #added > 0 and added or nil,
    virt_lines_above = is_on_top or nil,
    virt_text = #added == 0 and self:is_accepted(hunk) and { { ACCEPTED, "LeanwideAdded" } } or nil,
  })
  if is_on_top and bar.is_shown(self.window, self.buffer) then
    -- Neovim shows lines above the first one only where the window is scrolled to them.
    vim.api.nvim_win_call(self.window, function()
      if vim.fn.winsaveview().topline == 1 then
        vim.fn.winrestview({ topfill = #added })
      end
    end)
  end
end

---@private
function Review:draw_bar()
  local mapped = options.current.review_keys
  local accepted = vim.tbl_filter(function(hunk)
    return self:is_accepted(hunk)
  end, self.hunks)
  local parts = { "leanwide " .. self.title:lower() }
  local function hint(name, what)
    if mapped[name] then
      table.insert(parts, ("%s %s"):format(mapped[name], what))
    end
  end
  if #self.hunks > 0 then
    table.insert(parts, ("%d change%s"):format(#self.hunks, #self.hunks == 1 and "" or "s"))
    if #accepted > 0 then
      table.insert(parts, #accepted .. " accepted")
    end
    hint("accept", "all")
    hint("accept_hunk", "this")
    hint("reject_hunk", "not this")
  end
  if self.is_writing then
    hint("reject", "stop")
    bar.set(self.window, self.buffer, table.concat(parts, " · "), vim.trim(self.written))
  else
    hint("again", "ask again")
    hint("reject", #accepted > 0 and "not the rest" or "none")
    bar.set(self.window, self.buffer, table.concat(parts, " · "), "")
  end
end

return M
