--- The connection to the server: how it is started, asked and listened to.

local options = require("leanwide.options")

local M = {}

M.name = "leanwide"

local modern = vim.fn.has("nvim-0.11") == 1

--- The last `leanwide/status`, an empty table before the first.
M.status = {} ---@type table<string, any>

-- Where the server works: in the folder that is open, a file of it could be taken for one of its own.
local home = vim.fn.fnamemodify(debug.getinfo(1, "S").source:sub(2), ":p:h")

local listeners = {} ---@type table<string, fun(value: table)>
local tokens = 0

--- The language ids that LSP gives other names than Neovim does.
local language_ids = { cs = "csharp", sh = "shellscript", bash = "shellscript" }

local function on_progress(error, params, context, ...)
  local listener = params and listeners[params.token]
  if listener then
    return listener(params.value)
  end
  return vim.lsp.handlers["$/progress"](error, params, context, ...)
end

local function on_status(_, params)
  M.status = params
  vim.api.nvim_exec_autocmds("User", { pattern = "LeanwideStatus", modeline = false })
  return vim.NIL
end

--- Ask again where there is more of a suggestion than what is shown, unless the cursor is elsewhere.
local function on_ready(_, params, context)
  local buffer = vim.uri_to_bufnr(params.textDocument.uri)
  local client = vim.lsp.get_client_by_id(context.client_id)
  if not client or buffer ~= vim.api.nvim_get_current_buf() then
    return vim.NIL
  end
  local at = vim.lsp.util.make_position_params(0, client.offset_encoding).position
  local same = at.line == params.position.line and at.character == params.position.character
  if same and vim.lsp.util.buf_versions[buffer] == params.textDocument.version then
    M.ask_again(buffer)
  end
  return vim.NIL
end

--- Show what is suggested at the cursor by now; set by what shows suggestions.
---@param buffer integer
function M.ask_again(buffer) end

--- What Neovim can do. It applies `documentChanges`, which a new test file needs, but does not say so.
local function capabilities()
  local all = vim.lsp.protocol.make_client_capabilities()
  all.workspace.workspaceEdit.documentChanges = true
  return all
end

--- What code actions run: what the user commands do, in place of the server's own showing.
local function commands()
  local found = {
    ["leanwide.explain"] = function(command)
      require("leanwide.ask").explain(command.arguments[1].range)
    end,
  }
  for _, title in ipairs({ "Refactor", "Document", "Fix", "Test" }) do
    local name = "leanwide." .. title:lower()
    found[name] = function(command)
      local given = command.arguments[1]
      local more = { instruction = given.instruction, diagnostics = given.diagnostics }
      require("leanwide.edit").propose(title, name, given.range, more)
    end
  end
  return found
end

--- What `vim.lsp.config` and `vim.lsp.start` need.
---@return table
function M.config()
  local current = options.current
  return {
    name = M.name,
    cmd = current.cmd,
    cmd_cwd = home,
    filetypes = current.filetypes,
    root_markers = current.root_markers,
    init_options = current.settings,
    capabilities = capabilities(),
    commands = commands(),
    handlers = {
      ["$/progress"] = on_progress,
      ["leanwide/status"] = on_status,
      ["leanwide/suggestionReady"] = on_ready,
    },
    get_language_id = function(_, filetype)
      return language_ids[filetype] or filetype
    end,
  }
end

--- The client that serves a buffer, the current one without an argument.
---@param buffer? integer
---@return vim.lsp.Client?
function M.find(buffer)
  return vim.lsp.get_clients({ name = M.name, bufnr = buffer or vim.api.nvim_get_current_buf() })[1]
end

--- Send a request. Neovim 0.10's clients are tables of functions, later ones are objects.
---@return fun() cancel
function M.request(client, method, params, handler, buffer)
  local sent, id
  if modern then
    sent, id = client:request(method, params, handler, buffer)
  else
    sent, id = client.request(method, params, handler, buffer)
  end
  return function()
    if not (sent and id) then
      return
    end
    if modern then
      client:cancel_request(id)
    else
      client.cancel_request(id)
    end
  end
end

--- Send a notification.
function M.notify(client, method, params)
  if modern then
    client:notify(method, params)
  else
    client.notify(method, params)
  end
end

---@class leanwide.Run
---@field argument? table what the command is given
---@field show? fun(value: table) called with each part of an answer while it comes
---@field done fun(result: any) called with the answer
---@field failed? fun(message: string) called instead where there is none; a notice by default

--- Run a command of the server for a buffer.
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
  local token
  if run.show then
    tokens = tokens + 1
    token = "leanwide-" .. tokens
    listeners[token] = run.show
    argument = vim.tbl_extend("force", argument or {}, { streamToken = token })
  end
  local params = { command = command, arguments = argument and { argument } or {} }
  return M.request(client, "workspace/executeCommand", params, function(error, result)
    if token then
      listeners[token] = nil
    end
    if error then
      failed(error.message)
    else
      run.done(result)
    end
  end, buffer)
end

return M
