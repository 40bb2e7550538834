--- Whether a buffer is as the server read it.

local M = {}

--- Whether a document's buffer has this version, or is not known to the server.
---@param document table an LSP text document with a version, which may be missing
---@return boolean
function M.is_current(document)
  local present = vim.lsp.util.buf_versions[vim.uri_to_bufnr(document.uri)]
  return type(document.version) ~= "number" or present == nil or document.version == present
end

return M
