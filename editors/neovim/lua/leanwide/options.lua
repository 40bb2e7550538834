--- The plugin's options; `setup()` overrides these defaults.

local M = {}

---@class leanwide.Keys
---@field accept string|false accept the whole suggestion; otherwise the key does what it did
---@field accept_word string|false accept its next word
---@field accept_line string|false accept its first line

---@class leanwide.Options
---@field cmd string[]|function how the server is started, or `vim.lsp.rpc.connect(host, port)`
---@field filetypes string[] the types of files that it serves
---@field root_markers string[] files and folders that mark the root of a workspace
---@field settings table sent as `initializationOptions`; docs/configuration.md lists them
---@field suggest boolean show suggestions while typing
---@field keys leanwide.Keys in insert mode
local defaults = {
  cmd = { "leanwide", "serve" },
  filetypes = {
    "bash", "c", "cpp", "cs", "css", "go", "html", "java", "javascript", "javascriptreact",
    "json", "lua", "markdown", "php", "python", "ruby", "rust", "sh", "toml", "typescript",
    "typescriptreact", "yaml",
  },
  root_markers = { ".leanwide.toml", ".git" },
  settings = {},
  suggest = true,
  keys = { accept = "<Tab>", accept_word = "<M-Right>", accept_line = "<M-C-Right>" },
}

M.current = vim.deepcopy(defaults) ---@type leanwide.Options

--- Set the options: the user's over the defaults.
---@param user_options? table
function M.set(user_options)
  M.current = vim.tbl_deep_extend("force", vim.deepcopy(defaults), user_options or {})
end

return M
