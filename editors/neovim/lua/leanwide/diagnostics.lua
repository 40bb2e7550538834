--- What any server or tool reports about lines, as the protocol writes it.

local client = require("leanwide.client")

local M = {}

--- Return a diagnostic in LSP's form; Neovim counts bytes.
---@param diagnostic vim.Diagnostic
---@param encoding string
local function plain(diagnostic, encoding)
  local function position(line, column)
    local offset = vim.lsp.util.character_offset(diagnostic.bufnr, line, column, encoding)
    return { line = line, character = offset }
  end
  local last_line = diagnostic.end_lnum or diagnostic.lnum
  return {
    range = {
      start = position(diagnostic.lnum, diagnostic.col),
      ["end"] = position(last_line, diagnostic.end_col or diagnostic.col),
    },
    message = diagnostic.message,
    severity = diagnostic.severity,
    source = diagnostic.source,
  }
end

--- Return the diagnostics about lines; those of the whole buffer for a cursor on whose line there are
--- none: the server knows the definition around it, and takes those that are about that.
---@param buffer integer
---@param range table an LSP range; an empty one is the cursor
---@return table[]
function M.about(buffer, range)
  local first, last = range.start.line, range["end"].line
  local all = vim.diagnostic.get(buffer)
  local about = vim.tbl_filter(function(diagnostic)
    return diagnostic.lnum <= last and (diagnostic.end_lnum or diagnostic.lnum) >= first
  end, all)
  if #about == 0 and vim.deep_equal(range.start, range["end"]) then
    about = all
  end
  local server = client.find(buffer)
  local encoding = server and server.offset_encoding or "utf-16"
  return vim.tbl_map(function(diagnostic)
    return plain(diagnostic, encoding)
  end, about)
end

return M
