-- What `vim.lsp.enable("leanwide")` starts; `require("leanwide").setup()` does that and more.
return require("leanwide.client").config()
