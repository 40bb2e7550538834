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

--- Go to the next edit that is shown, or accept it where the cursor is at it.
---@return boolean # whether there is one
function M.next_edit()
  local shown = require("leanwide.next_edit.shown")
  local can_act = shown.can_act()
  if can_act then
    -- An expression mapping must not change text, so the change happens right after it.
    vim.schedule(shown.act)
  end
  return can_act
end

--- Dismiss the next edit that is shown.
---@return boolean # whether there was one
function M.dismiss_next_edit()
  return require("leanwide.next_edit.shown").dismiss()
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

--- Map the keys of a buffer. Those that share a key are tried from the last one to the first: a
--- suggestion goes before the next edit.
local function map_keys(buffer, options)
  local mapped, keys = options.keys, require("leanwide.keys")
  local function map(modes, name, description, action)
    for _, mode in ipairs(mapped[name] and modes or {}) do
      keys.extend(buffer, mode, mapped[name], description, action)
    end
  end
  if options.next_edit then
    -- Keys that are typed ahead come after what this one does.
    local act = "<Cmd>lua require('leanwide.next_edit.shown').act()<CR>"
    map({ "i", "n" }, "next_edit", "Go to the next edit, or accept it", function()
      return require("leanwide.next_edit.shown").can_act() and act
    end)
    map({ "n" }, "dismiss", "Dismiss the next edit", M.dismiss_next_edit)
  end
  if options.suggest then
    map({ "i" }, "accept", "Accept the suggestion", M.accept)
    map({ "i" }, "accept_word", "Accept the suggestion's next word", M.accept_word)
    map({ "i" }, "accept_line", "Accept the suggestion's first line", M.accept_line)
  end
end

local function attach(event)
  local client = vim.lsp.get_client_by_id(event.data.client_id)
  if not client or client.name ~= "leanwide" then
    return
  end
  local options = require("leanwide.options").current
  if options.suggest then
    ghost().attach(event.buf)
    require("leanwide.cursor").follow(event.buf)
  end
  if options.next_edit then
    require("leanwide.next_edit").attach(event.buf)
  end
  if not vim.b[event.buf].leanwide_has_keys then
    vim.b[event.buf].leanwide_has_keys = true
    map_keys(event.buf, options)
  end
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
  if options.current.next_edit then
    require("leanwide.next_edit").setup()
  end
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
