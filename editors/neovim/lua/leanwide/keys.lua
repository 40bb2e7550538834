--- Keys that are mapped for a while.

local M = {}

--- Map a key of a buffer in normal mode; return what gives the key back.
---@param buffer integer
---@param key string
---@param description string
---@param action fun()
---@return fun()
function M.borrow(buffer, key, description, action)
  local before = vim.api.nvim_buf_call(buffer, function()
    return vim.fn.maparg(key, "n", false, true)
  end)
  vim.keymap.set("n", key, action, { buffer = buffer, nowait = true, desc = description })
  return function()
    pcall(vim.keymap.del, "n", key, { buffer = buffer })
    if before.buffer == 1 then
      vim.api.nvim_buf_call(buffer, function()
        vim.fn.mapset("n", false, before)
      end)
    end
  end
end

return M
