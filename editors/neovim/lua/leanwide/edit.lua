--- Changes that the model proposes: shown as a diff, applied only when the user says so.

local client = require("leanwide.client")
local window = require("leanwide.window")

local M = {}

--- The text edits of a workspace edit by URI, and the files that it creates.
local function edits_by_uri(edit)
  local edits = {} ---@type table<string, table[]>
  for _, change in ipairs(edit.documentChanges or {}) do
    if change.textDocument then
      local uri = change.textDocument.uri
      edits[uri] = vim.list_extend(edits[uri] or {}, change.edits)
    end
  end
  for uri, changes in pairs(edit.changes or {}) do
    edits[uri] = vim.list_extend(edits[uri] or {}, changes)
  end
  return edits
end

--- The text of a file as it is, in a buffer or on disk; "" where it is not there yet.
local function lines_of(uri)
  local path = vim.uri_to_fname(uri)
  local buffer = vim.fn.bufnr(path)
  if buffer ~= -1 and vim.api.nvim_buf_is_loaded(buffer) then
    return vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
  end
  return vim.uv.fs_stat(path) and vim.fn.readfile(path) or {}
end

local function joined(lines)
  return #lines == 0 and "" or table.concat(lines, "\n") .. "\n"
end

--- What an edit would change, as a unified diff.
---@param edit table an LSP workspace edit
---@param encoding string
---@return string[]
local function diff(edit, encoding)
  local shown = {}
  for uri, edits in pairs(edits_by_uri(edit)) do
    local before = lines_of(uri)
    local scratch = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_lines(scratch, 0, -1, false, before)
    vim.lsp.util.apply_text_edits(edits, scratch, encoding)
    local after = vim.api.nvim_buf_get_lines(scratch, 0, -1, false)
    vim.api.nvim_buf_delete(scratch, { force = true })
    local name = vim.fn.fnamemodify(vim.uri_to_fname(uri), ":~:.")
    vim.list_extend(shown, { "--- " .. name, "+++ " .. name })
    local changes = vim.diff(joined(before), joined(after), { ctxlen = 3 })
    vim.list_extend(shown, vim.split(vim.trim(changes), "\n", { plain = true }))
  end
  return shown
end

--- Apply an edit; false where its document changed since it was made.
local function apply(edit, server)
  for _, change in ipairs(edit.documentChanges or {}) do
    local document = change.textDocument
    if document and document.version and document.version ~= vim.NIL then
      local buffer = vim.uri_to_bufnr(document.uri)
      if vim.lsp.util.buf_versions[buffer] ~= document.version then
        vim.notify("leanwide: the file changed meanwhile: ask again", vim.log.levels.WARN)
        return
      end
    end
  end
  vim.lsp.util.apply_workspace_edit(edit, server.offset_encoding)
end

--- Ask for a change and show it as a diff.
---@param title string
---@param command string such as `leanwide.refactor`
---@param range table an LSP range
---@param more? table what else the command is given
function M.propose(title, command, range, more)
  local buffer = vim.api.nvim_get_current_buf()
  local server = client.find(buffer)
  local cancel = function() end
  local view = window.open(title, "markdown", "q close", function()
    cancel()
  end)
  view:spin("writing · q stops")
  local argument = { uri = vim.uri_from_bufnr(buffer), range = range }
  cancel = client.run(buffer, command, {
    argument = vim.tbl_extend("error", argument, more or {}),
    show = function(part)
      view:append(part.text)
    end,
    done = function(answer)
      if not view:is_open() then
        return
      end
      if not answer.edit or answer.edit == vim.NIL then
        view:rest("no change · q close")
        if type(answer.markdown) == "string" then
          view:set(vim.split(answer.markdown, "\n", { plain = true }))
        end
        return
      end
      view:set(diff(answer.edit, server.offset_encoding))
      vim.bo[view.buffer].filetype = "diff"
      view:rest("<CR> apply · q reject")
      view:map({ "<CR>", "a" }, "Apply the change", function()
        view:close()
        apply(answer.edit, server)
      end)
    end,
    failed = function(message)
      view:set({ message })
      view:rest("q close")
    end,
  })
end

return M
