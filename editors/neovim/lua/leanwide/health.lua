--- `:checkhealth leanwide`

local M = {}

function M.check()
  local client = require("leanwide.client")
  local options = require("leanwide.options").current
  local health = vim.health
  health.start("leanwide")

  if vim.fn.has("nvim-0.10") == 0 then
    health.error("Neovim is too old", "Use Neovim 0.10 or newer.")
  elseif vim.lsp.inline_completion then
    health.ok("Neovim shows suggestions by itself (vim.lsp.inline_completion)")
  else
    health.ok("the plugin shows suggestions (Neovim before 0.12)")
  end

  if type(options.cmd) == "function" then
    health.ok("the server listens on a port")
  elseif vim.fn.executable(options.cmd[1]) == 0 then
    return health.error(options.cmd[1] .. " cannot be run", {
      "Install leanwide from a checkout, as its README.md says, or",
      'give its path: require("leanwide").setup({ cmd = { "/path/to/leanwide", "serve" } })',
    })
  else
    health.ok("the server is " .. vim.fn.exepath(options.cmd[1]))
  end

  local running = vim.lsp.get_clients({ name = client.name })[1]
  if not running then
    return health.info("no server runs: open a file whose type is in `filetypes`")
  end
  local status = client.status
  health.ok(("the server runs; the engine is %s"):format(status.state or "not started"))
  if status.reason and status.reason ~= "" and status.reason ~= vim.NIL then
    health.warn(status.reason)
  end
  health.info("type in a file: suggestions come by themselves; :LeanwideExplain explains the code at the cursor")
  health.info("another model: :LeanwideModel shows what this machine holds, downloads it and uses it")
end

return M
