--- Tells the server where the cursor rests, so that it can prefill before the first key.

local client = require("leanwide.client")

local M = {}

local REST_MS = 300
local timer = assert(vim.uv.new_timer())

local function notify_server(buffer)
  local server = client.find(buffer)
  if server and vim.api.nvim_get_current_buf() == buffer then
    local params = vim.lsp.util.make_position_params(0, server.offset_encoding)
    client.notify(server, "leanwide/cursor", params)
  end
end

--- Follow the cursor in a buffer, except in insert mode.
---@param buffer integer
function M.follow(buffer)
  local group = vim.api.nvim_create_augroup("leanwide.cursor." .. buffer, {})
  vim.api.nvim_create_autocmd({ "CursorMoved", "BufEnter" }, {
    group = group,
    buffer = buffer,
    callback = function()
      timer:start(REST_MS, 0, vim.schedule_wrap(function()
        notify_server(buffer)
      end))
    end,
  })
end

return M
