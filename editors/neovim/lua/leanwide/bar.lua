--- The bar over a window's text, while the window shows a buffer.

local M = {}

local LEAST_ROOM = 8 -- columns, below which the bar does not show what the model writes

--- Whether a window shows a buffer.
---@param window integer
---@param buffer integer
---@return boolean
function M.is_shown(window, buffer)
  return vim.api.nvim_win_is_valid(window) and vim.api.nvim_win_get_buf(window) == buffer
end

--- Set the bar; nothing happens where the window shows another buffer.
---@param window integer
---@param buffer integer
---@param text string
---@param written string what the model writes; as much of it is shown as there is room for
function M.set(window, buffer, text, written)
  if not M.is_shown(window, buffer) then
    return
  end
  local bar = (" %s · "):format(text)
  local room = vim.api.nvim_win_get_width(window) - vim.fn.strdisplaywidth(bar)
  if written ~= "" and room >= LEAST_ROOM then
    bar = bar .. vim.fn.strcharpart(written, 0, room)
  else
    bar = " " .. text
  end
  vim.wo[window][0].winbar = "%#LeanwideBar#" .. bar:gsub("%%", "%%%%")
end

--- Take the bar away, now or when the buffer is shown again.
---@param window integer
---@param buffer integer
function M.remove(window, buffer)
  if M.is_shown(window, buffer) then
    vim.wo[window][0].winbar = ""
    return
  end
  vim.api.nvim_create_autocmd("BufWinEnter", {
    buffer = buffer,
    once = true,
    callback = function()
      vim.wo[0][0].winbar = ""
    end,
  })
end

return M
