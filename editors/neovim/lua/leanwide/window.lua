--- A floating window for text that streams, with a spinner in its footer.

local M = {}

local SPINNER = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏" }
local SPINNER_MS = 100

---@class leanwide.Window
---@field buffer integer
---@field id integer
---@field private title string
---@field private hint string
---@field private timer uv.uv_timer_t?
local Window = {}
Window.__index = Window

local function geometry()
  local width = math.min(100, math.max(20, math.floor(vim.o.columns * 0.8)))
  local height = math.max(5, math.floor(vim.o.lines * 0.6))
  return {
    relative = "editor",
    width = width,
    height = height,
    row = math.floor((vim.o.lines - height) / 2) - 1,
    col = math.floor((vim.o.columns - width) / 2),
  }
end

--- Return the address of the Markdown link at a column of a line; nil outside of links.
---@param line string
---@param column integer from 1
---@return string?
local function link_at(line, column)
  local from = 1
  while true do
    local first, last, address = line:find("%[[^%]]*%]%(([^%s()]*)%)", from)
    if not first then
      return nil
    end
    if first <= column and column <= last then
      return address
    end
    from = last + 1
  end
end

--- Open the link under the cursor: a file in a tab of its own, at its line; all else as `gx` does.
local function open_link()
  local column = vim.api.nvim_win_get_cursor(0)[2] + 1
  local address = link_at(vim.api.nvim_get_current_line(), column)
  if not address then
    return vim.notify("leanwide: there is no link under the cursor")
  end
  if not address:find("^file://") then
    return vim.ui.open(address)
  end
  local uri, fragment = address:match("^([^#]*)#?(.*)$")
  vim.cmd("tab drop " .. vim.fn.fnameescape(vim.uri_to_fname(uri)))
  local line = tonumber(fragment:match("^L(%d+)"))
  if line then
    local last = vim.api.nvim_buf_line_count(0)
    vim.api.nvim_win_set_cursor(0, { math.max(1, math.min(line, last)), 0 })
  end
end

--- Open a window; `q` and <Esc> close it, `gx` and `gf` open the link under the cursor.
---@param title string
---@param filetype string
---@param hint string what its keys do, for the footer
---@param closed fun() called once, when the window is closed
---@return leanwide.Window
function M.open(title, filetype, hint, closed)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.bo[buffer].bufhidden = "wipe"
  local look = {
    style = "minimal",
    border = "rounded",
    title = " " .. title .. " ",
    footer = " " .. hint .. " ",
    footer_pos = "right",
  }
  local id = vim.api.nvim_open_win(buffer, true, vim.tbl_extend("error", geometry(), look))
  vim.bo[buffer].filetype = filetype
  vim.bo[buffer].modifiable = false
  vim.wo[id].wrap = true
  vim.wo[id].linebreak = true
  vim.wo[id].conceallevel = filetype == "markdown" and 2 or 0
  local window = setmetatable({ buffer = buffer, id = id, title = title, hint = hint }, Window)
  window:map({ "q", "<Esc>" }, "Close", function()
    window:close()
  end)
  window:map({ "gx", "gf" }, "Open the link", open_link)
  vim.api.nvim_create_autocmd("BufWipeout", {
    buffer = buffer,
    once = true,
    callback = function()
      window:stop_spinner()
      closed()
    end,
  })
  return window
end

--- Map keys in normal mode, in this window only.
---@param keys string[]
---@param description string
---@param action fun()
function Window:map(keys, description, action)
  for _, key in ipairs(keys) do
    vim.keymap.set("n", key, action, { buffer = self.buffer, nowait = true, desc = description })
  end
end

function Window:close()
  if vim.api.nvim_win_is_valid(self.id) then
    vim.api.nvim_win_close(self.id, true)
  end
end

---@return boolean
function Window:is_open()
  return vim.api.nvim_buf_is_valid(self.buffer)
end

--- Add text at the end. The window scrolls with it while the cursor is on the last line.
---@param text string
function Window:append(text)
  if not self:is_open() or text == "" then
    return
  end
  local last = vim.api.nvim_buf_line_count(self.buffer)
  local scrolls = vim.api.nvim_win_is_valid(self.id)
    and vim.api.nvim_win_get_cursor(self.id)[1] == last
  local line = vim.api.nvim_buf_get_lines(self.buffer, -2, -1, false)[1]
  vim.bo[self.buffer].modifiable = true
  local added = vim.split(text, "\n", { plain = true })
  vim.api.nvim_buf_set_text(self.buffer, last - 1, #line, last - 1, #line, added)
  vim.bo[self.buffer].modifiable = false
  if scrolls then
    vim.api.nvim_win_set_cursor(self.id, { vim.api.nvim_buf_line_count(self.buffer), 0 })
  end
end

--- Replace the text, and show its beginning.
---@param lines string[]
function Window:set(lines)
  if self:is_open() then
    vim.bo[self.buffer].modifiable = true
    vim.api.nvim_buf_set_lines(self.buffer, 0, -1, false, lines)
    vim.bo[self.buffer].modifiable = false
    if vim.api.nvim_win_is_valid(self.id) then
      vim.api.nvim_win_set_cursor(self.id, { 1, 0 })
    end
  end
end

---@param footer string
function Window:set_footer(footer)
  if vim.api.nvim_win_is_valid(self.id) then
    vim.api.nvim_win_set_config(self.id, { footer = " " .. footer .. " ", footer_pos = "right" })
  end
end

--- Show a spinner in the footer.
---@param activity string
function Window:spin(activity)
  self:stop_spinner()
  self.timer = assert(vim.uv.new_timer())
  local turn = 0
  self.timer:start(0, SPINNER_MS, vim.schedule_wrap(function()
    if self.timer then
      turn = turn % #SPINNER + 1
      self:set_footer(SPINNER[turn] .. " " .. activity)
    end
  end))
end

--- Stop the spinner.
---@param footer? string shown in its place
function Window:stop_spinner(footer)
  if self.timer then
    self.timer:stop()
    self.timer:close()
    self.timer = nil
  end
  if footer then
    self:set_footer(footer)
  end
end

return M
