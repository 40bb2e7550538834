--- leanwide for Neovim: suggestions while you type, answers when you ask.

local M = {}

local function whole(text)
  return text
end

local function ghost()
  return require(vim.lsp.inline_completion and "leanwide.native" or "leanwide.ghost")
end

--- Accept what is suggested.
---@return boolean # whether there was something
function M.accept()
  return ghost().accept(whole)
end

--- Accept the next word of what is suggested.
---@return boolean # whether there was something
function M.accept_word()
  return ghost().accept(require("leanwide.text").first_word)
end

--- Accept the first line of what is suggested.
---@return boolean # whether there was something
function M.accept_line()
  return ghost().accept(require("leanwide.text").first_line)
end

--- One line for a statusline, "" where no server is attached: state, mode, experts, tokens/s.
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
  return table.concat(parts, " · ")
end

--- Map a key to an action; where the action finds nothing, the key does what it did before.
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

--- Neovim 0.10 by itself starts one more server, and model, for each file outside a workspace.
local function serves(client, config)
  local same_root = client.config.root_dir == config.root_dir
  return client.name == config.name and same_root and not client.is_stopped()
end

local function start(event)
  if vim.bo[event.buf].buftype ~= "" then
    return -- a window of ours, say: no file
  end
  local config = require("leanwide.client").config()
  config.root_dir = vim.fs.root(event.buf, config.root_markers)
  vim.lsp.start(config, { bufnr = event.buf, reuse_client = serves })
end

--- Start the server where it serves, show suggestions and map their keys.
---@param wanted? table see |leanwide-options|
function M.setup(wanted)
  local options = require("leanwide.options")
  options.set(wanted)
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
