--- Keys that are mapped for a while, or do more than before.

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

--- Have a key of a buffer run an action first; where that returns false, the key does what it did.
---@param buffer integer
---@param mode string
---@param key string
---@param description string
---@param action fun(): boolean|string true where it is done, or keys that do it
function M.extend(buffer, mode, key, description, action)
  local plug = ("<Plug>(leanwide: %s)"):format(description)
  local before = vim.api.nvim_buf_call(buffer, function()
    return vim.fn.maparg(key, mode, false, true)
  end)
  if vim.tbl_isempty(before) then
    vim.keymap.set(mode, plug, key, { buffer = buffer })
  else
    local moved = { lhs = plug, lhsraw = vim.keycode(plug), buffer = 1 }
    before.lhsrawalt = nil
    vim.api.nvim_buf_call(buffer, function()
      vim.fn.mapset(mode, false, vim.tbl_extend("force", before, moved))
    end)
  end
  vim.keymap.set(mode, key, function()
    local done = action()
    return done and (type(done) == "string" and done or "") or plug
  end, { buffer = buffer, expr = true, remap = true, desc = description })
end

return M
