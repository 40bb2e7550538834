--- Shows a next edit: what goes is struck through, what comes stands behind or below it, and a hint
--- says what the key does.

local M = {}

local SPACE = vim.api.nvim_create_namespace("leanwide.next_edit")

local function set_highlights()
  local is_dark = vim.o.background == "dark"
  local removed = { bg = is_dark and "NvimDarkRed" or "NvimLightRed", ctermbg = "DarkRed" }
  removed.strikethrough, removed.default = true, true
  vim.api.nvim_set_hl(0, "LeanwideNextRemoved", removed)
  vim.api.nvim_set_hl(0, "LeanwideNextAdded", { link = "DiffAdd", default = true })
  vim.api.nvim_set_hl(0, "LeanwideNextHint", { link = "Comment", default = true })
end

local function mark(buffer, row, column, attributes)
  vim.api.nvim_buf_set_extmark(buffer, SPACE, row, column, attributes)
end

---@param words leanwide.WordChange[]
local function draw_words(buffer, words)
  for _, word in ipairs(words) do
    mark(buffer, word.row, word.first, { end_col = word.last, hl_group = "LeanwideNextRemoved" })
    if word.text ~= "" then
      local added = { { word.text, "LeanwideNextAdded" } }
      mark(buffer, word.row, word.last, { virt_text = added, virt_text_pos = "inline" })
    end
  end
end

---@param change leanwide.Change
local function draw_lines(buffer, change)
  for index, line in ipairs(change.before) do
    local indent = #line:match("^%s*")
    local look = { end_col = #line, hl_group = "LeanwideNextRemoved" }
    mark(buffer, change.row + index - 1, indent, look)
  end
  local tab = (" "):rep(vim.bo[buffer].tabstop)
  local added = vim.tbl_map(function(line)
    return { { (line:gsub("\t", tab)), "LeanwideNextAdded" } }
  end, change.after)
  local is_on_top = change.row == 0 and #change.before == 0
  local row = math.max(0, change.row + #change.before - 1)
  mark(buffer, row, 0, { virt_lines = added, virt_lines_above = is_on_top })
end

--- Draw a hint at the end of a line, and a change; they take the place of the earlier ones.
---@param buffer integer
---@param row integer from 0
---@param hint string
---@param change? leanwide.Change
function M.draw(buffer, row, hint, change)
  M.clear(buffer)
  set_highlights()
  if change and change.words then
    draw_words(buffer, change.words)
  elseif change then
    draw_lines(buffer, change)
  end
  mark(buffer, row, 0, { virt_text = { { "  " .. hint, "LeanwideNextHint" } }, virt_text_pos = "eol" })
end

--- Remove everything from a buffer.
---@param buffer integer
function M.clear(buffer)
  if vim.api.nvim_buf_is_valid(buffer) then
    vim.api.nvim_buf_clear_namespace(buffer, SPACE, 0, -1)
  end
end

return M
