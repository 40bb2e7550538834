--- leanwide for Neovim: suggestions while you type, answers when you ask.

local M = {}

local function whole(text)
  return text
end

local function ghost()
  return require(vim.lsp.inline_completion and "leanwide.native" or "leanwide.ghost")
end

--- Accept the suggestion.
---@return boolean # whether there was one
function M.accept()
  return ghost().accept(whole)
end

--- Accept the next word of the suggestion.
---@return boolean # whether there was one
function M.accept_word()
  return ghost().accept(require("leanwide.text").first_word)
end

--- Accept the first line of the suggestion.
---@return boolean # whether there was one
function M.accept_line()
  return ghost().accept(require("leanwide.text").first_line)
end

--- Return one line for a statusline: state, mode, experts, tokens/s; "" where no server is attached.
---@return string
function M.status()
  local client = require("leanwide.client")
  local status = client.status
  if not client.find() or not status.state then
    return ""
  end
  local parts = { "leanwide " .. status.state, status.mode }
  if (status.experts or 0) > 0 then
    table.insert(parts, status.experts .. " experts")
  end
  if (status.tokensPerSecond or 0) > 0 then
    table.insert(parts, ("%.0f tokens/s"):format(status.tokensPerSecond))
  end
  local percent = require("leanwide.models").percent
  if percent then
    table.insert(parts, ("downloading a model: %d %%"):format(percent))
  end
  return table.concat(parts, " · ")
end

--- Map a key to an action; where the action returns false, the key does what it did before.
local function map(buffer, key, action, description)
  if not key then
    return
  end
  local before = vim.fn.maparg(key, "i", false, true)
  vim.keymap.set("i", key, function()
    if action() then
      return ""
    end
    if before.callback then
      return before.callback() or ""
    end
    if before.rhs and before.rhs ~= "" then
      return before.expr == 1 and vim.api.nvim_eval(before.rhs) or before.rhs
    end
    return key
  end, { buffer = buffer, expr = true, desc = description })
end

local function attach(event)
  local client = vim.lsp.get_client_by_id(event.data.client_id)
  local options = require("leanwide.options").current
  if not client or client.name ~= "leanwide" or not options.suggest then
    return
  end
  ghost().attach(event.buf)
  require("leanwide.cursor").follow(event.buf)
  map(event.buf, options.keys.accept, M.accept, "Accept the suggestion")
  map(event.buf, options.keys.accept_word, M.accept_word, "Accept the suggestion's next word")
  map(event.buf, options.keys.accept_line, M.accept_line, "Accept the suggestion's first line")
end

--- Whether a running client can serve a file. Neovim 0.10's own rule starts another server, and model,
--- for each file outside a workspace.
local function can_reuse(client, config)
  local same_root = client.config.root_dir == config.root_dir
  return client.name == config.name and same_root and not client.is_stopped()
end

local function start(event)
  if vim.bo[event.buf].buftype ~= "" then
    return -- not a file, for example one of our windows
  end
  local config = require("leanwide.client").config()
  config.root_dir = vim.fs.root(event.buf, config.root_markers)
  vim.lsp.start(config, { bufnr = event.buf, reuse_client = can_reuse })
end

--- Start the server for files of the configured types, show suggestions and map their keys.
---@param user_options? table see |leanwide-options|
function M.setup(user_options)
  local options = require("leanwide.options")
  options.set(user_options)
  local group = vim.api.nvim_create_augroup("leanwide", {})
  vim.api.nvim_create_autocmd("LspAttach", { group = group, callback = attach })
  if vim.lsp.enable then
    vim.lsp.config("leanwide", require("leanwide.client").config())
    vim.lsp.enable("leanwide")
  else
    vim.api.nvim_create_autocmd("FileType", {
      group = group,
      pattern = options.current.filetypes,
      callback = start,
    })
  end
end

return M
