--- The plugin's options; `setup()` overrides these defaults.

local M = {}

---@class leanwide.Keys
---@field accept string|false accept the whole suggestion; otherwise the key does what it did
---@field accept_word string|false accept its next word
---@field accept_line string|false accept its first line
---@field next_edit string|false go to the next edit, or accept it; in normal mode, too
---@field dismiss string|false dismiss the next edit, in normal mode

---@class leanwide.ReviewKeys
---@field accept string|false accept all changes
---@field accept_hunk string|false accept the change at the cursor; elsewhere go to the next one
---@field reject_hunk string|false reject the change at the cursor; elsewhere go to the next one
---@field reject string|false stop the model, or reject what was not accepted
---@field again string|false reject what was not accepted, and ask again

---@class leanwide.Options
---@field cmd string[]|function how the server is started, or `vim.lsp.rpc.connect(host, port)`
---@field filetypes string[] the types of files that it serves
---@field root_markers string[] files and folders that mark the root of a workspace
---@field settings table sent as `initializationOptions`; docs/configuration.md lists them
---@field suggest boolean show suggestions while typing
---@field next_edit boolean show what may be edited next
---@field keys leanwide.Keys in insert mode
---@field review_keys leanwide.ReviewKeys in normal mode, in a buffer while it shows a change
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
  next_edit = true,
  keys = {
    accept = "<Tab>",
    accept_word = "<M-Right>",
    accept_line = "<M-C-Right>",
    next_edit = "<Tab>",
    dismiss = "<Esc>",
  },
  review_keys = {
    accept = "<CR>",
    accept_hunk = "<Tab>",
    reject_hunk = "<BS>",
    reject = "q",
    again = "ga",
  },
}

M.current = vim.deepcopy(defaults) ---@type leanwide.Options

--- Set the options: the user's over the defaults.
---@param user_options? table
function M.set(user_options)
  M.current = vim.tbl_deep_extend("force", vim.deepcopy(defaults), user_options or {})
end

return M
