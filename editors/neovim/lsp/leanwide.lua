-- The configuration for `vim.lsp.enable("leanwide")`, which `require("leanwide").setup()` calls too.
return require("leanwide.client").config()
