--- What was shown, accepted and kept lately, as the server counts it on this machine.

local client = require("leanwide.client")
local window = require("leanwide.window")

local M = {}

local HEAD = { "language", "what", "mode", "shown", "accepted", "kept after 30 s" }

--- Return a number, and which percentage of another one it is.
local function share(part, whole)
  if part == nil or part == vim.NIL then
    return ""
  end
  return whole > 0 and ("%d (%.0f %%)"):format(part, 100 * part / whole) or tostring(part)
end

---@param cells string[]
local function row(cells)
  return "| " .. table.concat(cells, " | ") .. " |"
end

--- Return the lines of a table, as Markdown.
---@param counts table[] rows of the server's answer
---@return string[]
local function rows(counts)
  local lines = { row(HEAD), "|---|---|---|--:|--:|--:|" }
  for _, each in ipairs(counts) do
    local accepted, kept = share(each.accepted, each.shown), share(each.kept, each.accepted)
    local cells = { each.language, each.kind, each.mode, tostring(each.shown), accepted, kept }
    table.insert(lines, row(cells))
  end
  return lines
end

--- Show the counts of the last days in a window.
function M.show()
  client.run(vim.api.nvim_get_current_buf(), "leanwide.stats", {
    done = function(stats)
      local view = window.open("Statistics", "markdown", "q close", function() end)
      local title = ("The last %d days on this machine:"):format(stats.days)
      local empty = stats.keeping and "Nothing was counted yet."
        or "Counting is off: statistics.keep = false in your settings."
      local shown = #stats.counts > 0 and rows(stats.counts) or { empty }
      view:set({ title, "", unpack(shown) })
    end,
  })
end

return M
