--- Asks the server for the next edit; a newer question and a limit end the older one.

local changes = require("leanwide.next_edit.change")
local client = require("leanwide.client")
local version = require("leanwide.version")

local M = {}

local AUTOMATIC = 2

---@class leanwide.Proposal
---@field edit table of `leanwide/nextEdit`
---@field client vim.lsp.Client
---@field asked_in integer the buffer in which it was asked for
---@field buffer? integer the buffer that it changes, where that is loaded
---@field tick? integer |b:changedtick| of `buffer`
---@field change? leanwide.Change what it changes in `buffer`

local answered = {} ---@type table<integer, integer> the ticks of the last answers, by buffer
local timer = assert(vim.uv.new_timer())
local cancel = function() end
local asked_tick ---@type integer? of the buffer that is asked about

--- Find what a proposal changes, where its buffer is loaded.
---@param proposal leanwide.Proposal
function M.locate(proposal)
  local buffer = vim.uri_to_bufnr(proposal.edit.textDocument.uri)
  if vim.api.nvim_buf_is_loaded(buffer) then
    proposal.buffer, proposal.tick = buffer, vim.b[buffer].changedtick
    proposal.change = changes.of(proposal.edit, buffer, proposal.client.offset_encoding)
  end
end

--- Whether the last answer was for a buffer as it is now: another question would bring the same.
---@param buffer integer
---@return boolean
function M.has_answered(buffer)
  return answered[buffer] == vim.b[buffer].changedtick
end

--- Whether the question that is asked is about a buffer as it is now.
---@param buffer integer
---@return boolean
function M.is_asked(buffer)
  return asked_tick == vim.b[buffer].changedtick
end

--- Ask nothing for a buffer until it changes.
---@param buffer integer
function M.skip(buffer)
  answered[buffer] = vim.b[buffer].changedtick
end

--- Whether the server of a buffer proposes next edits; an older one does not.
---@param buffer integer
---@return boolean
function M.is_offered(buffer)
  local server = client.find(buffer)
  local path = { "experimental", "leanwide", "nextEdit" }
  return server ~= nil and vim.tbl_get(server.server_capabilities, unpack(path)) == true
end

--- End the question that is asked.
function M.cancel()
  timer:stop()
  cancel()
  cancel = function() end
end

--- Ask for the next edit for the current buffer.
---@param done fun(proposal: leanwide.Proposal?) called with nil where nothing follows
---@param most_ms? integer how long to wait; by default as long as the question stands
function M.ask(done, most_ms)
  M.cancel()
  local buffer = vim.api.nvim_get_current_buf()
  local server = client.find(buffer)
  if not server then
    return done(nil)
  end
  local is_open = true
  local function answer(proposal)
    if is_open then
      is_open, asked_tick = false, nil
      timer:stop()
      done(proposal)
    end
  end
  local tick = vim.b[buffer].changedtick
  asked_tick = tick
  local params = vim.lsp.util.make_position_params(0, server.offset_encoding)
  params.textDocument.version = vim.lsp.util.buf_versions[buffer]
  params.context = { triggerKind = AUTOMATIC }
  local cancel_request = client.request(server, "leanwide/nextEdit", params, function(_, result)
    local edit = result and (result.edits or {})[1]
    if not vim.api.nvim_buf_is_loaded(buffer) or vim.b[buffer].changedtick ~= tick then
      return answer(nil)
    end
    answered[buffer] = tick
    if not edit or not version.is_current(edit.textDocument) then
      return answer(nil)
    end
    local proposal = { edit = edit, client = server, asked_in = buffer }
    M.locate(proposal)
    answer(proposal)
  end, buffer)
  cancel = function()
    cancel_request()
    answer(nil)
  end
  if most_ms then
    timer:start(most_ms, 0, vim.schedule_wrap(M.cancel))
  end
end

return M
