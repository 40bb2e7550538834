--- Changes of other files than the buffer's, shown as a diff in a window.

local version = require("leanwide.version")

local M = {}

--- Return the text edits of a workspace edit by URI.
---@param edit table an LSP workspace edit
---@return table<string, table[]>
function M.edits_by_uri(edit)
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

--- Return the present lines of a file, from its buffer or from disk; none where it does not exist.
local function lines_of(uri)
  local buffer, path = vim.uri_to_bufnr(uri), vim.uri_to_fname(uri)
  if vim.api.nvim_buf_is_loaded(buffer) then
    return vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
  end
  return vim.uv.fs_stat(path) and vim.fn.readfile(path) or {}
end

--- Whether the buffers that an edit changes are as the model read them.
local function is_current(edit)
  return vim.iter(edit.documentChanges or {}):all(function(change)
    return not change.textDocument or version.is_current(change.textDocument)
  end)
end

--- Return |b:changedtick| of every loaded buffer that an edit changes, by URI.
local function changed_ticks(edit)
  local ticks = {}
  for uri in pairs(M.edits_by_uri(edit)) do
    local buffer = vim.uri_to_bufnr(uri)
    ticks[uri] = vim.api.nvim_buf_is_loaded(buffer) and vim.b[buffer].changedtick or nil
  end
  return ticks
end

local function joined(lines)
  return #lines == 0 and "" or table.concat(lines, "\n") .. "\n"
end

--- Remove the annotations of an edit: they make Neovim 0.12 ask for a second confirmation.
---@param edit table an LSP workspace edit
local function without_annotations(edit)
  edit.changeAnnotations = nil
  for _, change in ipairs(edit.documentChanges or {}) do
    change.annotationId = nil
    for _, text_edit in ipairs(change.edits or {}) do
      text_edit.annotationId = nil
    end
  end
  return edit
end

--- Return what an edit would change, as the lines of a unified diff.
---@param edit table an LSP workspace edit
---@param encoding string
---@return string[]
local function diff(edit, encoding)
  local shown = {}
  for uri, edits in pairs(M.edits_by_uri(edit)) do
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

--- Apply an edit, unless a buffer that it changes was changed since it was shown.
---@param edit table
---@param encoding string
---@param before table<string, integer> `changed_ticks` when it was shown
---@return boolean # whether it was applied
local function apply(edit, encoding, before)
  if not vim.deep_equal(changed_ticks(edit), before) then
    vim.notify("leanwide: the file changed meanwhile: ask again", vim.log.levels.WARN)
    return false
  end
  vim.lsp.util.apply_workspace_edit(edit, encoding)
  return true
end

---@class leanwide.ShownEdit
---@field edit table an LSP workspace edit
---@field encoding string of its positions
---@field hint string what the window's other keys do
---@field accepted fun() called when it was applied

--- Show a change in a window, in which <CR> applies it.
---@param view leanwide.Window
---@param shown leanwide.ShownEdit
function M.show(view, shown)
  local edit, encoding = shown.edit, shown.encoding
  if not is_current(edit) then
    view:set({ "The file changed meanwhile: ask again." })
    return view:stop_spinner(shown.hint)
  end
  without_annotations(edit)
  local before = changed_ticks(edit)
  view:set(diff(edit, encoding))
  vim.bo[view.buffer].filetype = "diff"
  view:stop_spinner("<CR> apply · " .. shown.hint)
  view:map({ "<CR>" }, "Apply the change", function()
    view:close()
    if apply(edit, encoding, before) then
      shown.accepted()
    end
  end)
end

return M
