---@brief
---
--- https://github.com/leanwide/leanwide
---
--- A language server that runs a quantised Mixture-of-Experts code model on your own machine: inline
--- completion, explanations and edits for many languages, next to their own servers.
---
--- ```sh
--- pipx install 'leanwide[models]'
--- ```
---
--- Neovim 0.12 and newer shows the suggestions:
---
--- ```lua
--- vim.lsp.inline_completion.enable()
--- vim.keymap.set('i', '<Tab>', function()
---   return vim.lsp.inline_completion.get() and '' or '<Tab>'
--- end, { expr = true })
--- ```
---
--- The plugin in the repository's `editors/neovim` has the chat, previews of edits, and suggestions for
--- older versions.

---@type vim.lsp.Config
return {
  cmd = { 'leanwide', 'serve' },
  filetypes = {
    'bash',
    'c',
    'cpp',
    'cs',
    'css',
    'go',
    'html',
    'java',
    'javascript',
    'javascriptreact',
    'json',
    'lua',
    'markdown',
    'php',
    'python',
    'ruby',
    'rust',
    'sh',
    'toml',
    'typescript',
    'typescriptreact',
    'yaml',
  },
  root_markers = { '.leanwide.toml', '.git' },
  get_language_id = function(_, filetype)
    local ids = { cs = 'csharp', sh = 'shellscript', bash = 'shellscript' }
    return ids[filetype] or filetype
  end,
}
