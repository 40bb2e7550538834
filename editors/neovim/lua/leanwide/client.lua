--- The connection to the server: its configuration, requests and notifications.

local options = require("leanwide.options")

local M = {}

M.name = "leanwide"

local has_client_methods = vim.fn.has("nvim-0.11") == 1

--- The last `leanwide/status`; an empty table before the first.
M.status = {} ---@type table<string, any>

-- The server's working directory. In the user's folder, Python could load a module from there.
local plugin_folder = vim.fn.fnamemodify(debug.getinfo(1, "S").source:sub(2), ":p:h")

local listeners = {} ---@type table<string, fun(value: table)> by progress token
local token_count = 0

--- LSP's language ids of the filetypes that Neovim names differently.
local language_ids = { cs = "csharp", sh = "shellscript", bash = "shellscript" }

local function on_progress(error, params, context, ...)
  local value = params and params.value
  local listener = params and listeners[params.token]
  if listener then
    listener(value)
  end
  if type(value) == "table" and not value.kind then
    return vim.NIL -- a part of an answer; what has a kind is progress that Neovim shows, too
  end
  return vim.lsp.handlers["$/progress"](error, params, context, ...)
end

local function on_status(_, params)
  M.status = params
  vim.api.nvim_exec_autocmds("User", { pattern = "LeanwideStatus", modeline = false })
  return vim.NIL
end

--- Ask again when the server has more of the suggestion at the cursor.
local function on_suggestion_ready(_, params, context)
  local buffer = vim.uri_to_bufnr(params.textDocument.uri)
  local client = vim.lsp.get_client_by_id(context.client_id)
  if not client or buffer ~= vim.api.nvim_get_current_buf() then
    return vim.NIL
  end
  local cursor = vim.lsp.util.make_position_params(0, client.offset_encoding).position
  local same = cursor.line == params.position.line
    and cursor.character == params.position.character
  if same and vim.lsp.util.buf_versions[buffer] == params.textDocument.version then
    M.ask_again(buffer)
  end
  return vim.NIL
end

--- Request the suggestion at the cursor again; `ghost.lua` or `native.lua` replaces this function.
---@param buffer integer
function M.ask_again(buffer) end

--- Whether ghost text shows in a buffer; `ghost.lua` or `native.lua` replaces this function.
---@param buffer integer
---@return boolean
function M.has_ghost(buffer)
  return false
end

--- Return Neovim's capabilities, and the plugin's. It applies `documentChanges`, which a new test file
--- needs, but does not declare it.
local function capabilities()
  local all = vim.lsp.protocol.make_client_capabilities()
  all.workspace.workspaceEdit.documentChanges = true
  all.experimental = { leanwide = { suggestionReady = true } }
  return all
end

--- Return what code actions run: the same as the user commands, instead of the server's own display.
local function commands()
  local handlers = {
    ["leanwide.explain"] = function(command)
      require("leanwide.ask").explain(command.arguments[1].range)
    end,
  }
  for _, title in ipairs({ "Refactor", "Document", "Fix", "Test" }) do
    local name = "leanwide." .. title:lower()
    handlers[name] = function(command)
      local argument = command.arguments[1]
      local more = { instruction = argument.instruction, diagnostics = argument.diagnostics }
      require("leanwide.edit").propose(title, name, argument.range, more)
    end
  end
  return handlers
end

--- Return the configuration for `vim.lsp.config` and `vim.lsp.start`.
---@return table
function M.config()
  local current = options.current
  return {
    name = M.name,
    cmd = current.cmd,
    cmd_cwd = plugin_folder,
    filetypes = current.filetypes,
    root_markers = current.root_markers,
    init_options = current.settings,
    capabilities = capabilities(),
    commands = commands(),
    handlers = {
      ["$/progress"] = on_progress,
      ["leanwide/status"] = on_status,
      ["leanwide/suggestionReady"] = on_suggestion_ready,
    },
    get_language_id = function(_, filetype)
      return language_ids[filetype] or filetype
    end,
  }
end

--- Return leanwide's client of a buffer, by default the current one.
---@param buffer? integer
---@return vim.lsp.Client?
function M.find(buffer)
  return vim.lsp.get_clients({ name = M.name, bufnr = buffer or vim.api.nvim_get_current_buf() })[1]
end

--- Send a request and return a function that cancels it. Neovim 0.10's clients have functions, later
--- ones have methods.
---@return fun() cancel
function M.request(client, method, params, handler, buffer)
  local sent, id
  if has_client_methods then
    sent, id = client:request(method, params, handler, buffer)
  else
    sent, id = client.request(method, params, handler, buffer)
  end
  return function()
    if not (sent and id) then
      return
    end
    if has_client_methods then
      client:cancel_request(id)
    else
      client.cancel_request(id)
    end
  end
end

--- Send a notification.
function M.notify(client, method, params)
  if has_client_methods then
    client:notify(method, params)
  else
    client.notify(method, params)
  end
end

---@class leanwide.Run
---@field argument? table the command's argument
---@field show? fun(value: table) called with each part of an answer that streams
---@field work? fun(value: table) called with the progress of long work
---@field done fun(result: any) called with the answer
---@field failed? fun(message: string, code?: integer) called with the error instead; by default it shows a notice
---@field cancelled? fun() called instead when it is cancelled here

local function new_token(listener)
  token_count = token_count + 1
  local token = "leanwide-" .. token_count
  listeners[token] = listener
  return token
end

--- Run a command of the server for a buffer and return a function that cancels it. Neovim passes on no
--- answer to a cancelled request.
---@param buffer integer
---@param command string such as `leanwide.explain`
---@param run leanwide.Run
---@return fun() cancel
function M.run(buffer, command, run)
  local failed = run.failed or function(message)
    vim.notify("leanwide: " .. message, vim.log.levels.WARN)
  end
  local client = M.find(buffer)
  if not client then
    failed("no server is attached to this buffer; see :checkhealth leanwide")
    return function() end
  end
  local argument = run.argument
  local token = run.show and new_token(run.show)
  if token then
    argument = vim.tbl_extend("force", argument or {}, { streamToken = token })
  end
  local work = run.work and new_token(run.work)
  local params = {
    command = command,
    arguments = argument and { argument } or {},
    workDoneToken = work,
  }
  local is_open = true
  local function close()
    is_open = false
    listeners[token or ""], listeners[work or ""] = nil, nil
  end
  local cancel = M.request(client, "workspace/executeCommand", params, function(error, result)
    if not is_open then
      return
    end
    close()
    if error then
      failed(error.message, error.code)
    else
      run.done(result)
    end
  end, buffer)
  return function()
    if is_open then
      close()
      cancel()
      if run.cancelled then
        run.cancelled()
      end
    end
  end
end

return M
