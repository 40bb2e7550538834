-- The user commands. Their modules are loaded when a command is used.
if vim.g.loaded_leanwide then
  return
end
vim.g.loaded_leanwide = true

local function command(name, description, run, more)
  local attributes = vim.tbl_extend("force", { desc = description }, more or {})
  vim.api.nvim_create_user_command("Leanwide" .. name, run, attributes)
end

local function propose(name, server_command)
  return function(given)
    local more = given.args ~= "" and { instruction = given.args } or nil
    local range = require("leanwide.ask").range(given)
    require("leanwide.edit").propose(name, server_command, range, more)
  end
end

command("Explain", "Explain the lines, or the definition at the cursor", function(given)
  local ask = require("leanwide.ask")
  ask.explain(ask.range(given))
end, { range = true })

command("Chat", "Chat about the lines, or about anything", function(given)
  local ask = require("leanwide.ask")
  ask.chat(given.args, given.range > 0 and ask.range(given) or nil)
end, { range = true, nargs = "*" })

command("Refactor", "Change the lines by an instruction", function(given)
  if given.args ~= "" then
    return propose("Refactor", "leanwide.refactor")(given)
  end
  vim.ui.input({ prompt = "Refactor: " }, function(instruction)
    if instruction and instruction:match("%S") then
      given.args = instruction
      propose("Refactor", "leanwide.refactor")(given)
    end
  end)
end, { range = true, nargs = "*" })

command("Document", "Document the definition", propose("Document", "leanwide.document"), { range = true })
command("Test", "Write a test for the definition", propose("Test", "leanwide.test"), { range = true })

command("Fix", "Fix what the diagnostics report", function(given)
  local ask = require("leanwide.ask")
  local range = ask.range(given)
  local reported = {}
  for _, diagnostic in ipairs(vim.diagnostic.get(0)) do
    local last_line = diagnostic.end_lnum or diagnostic.lnum
    local last_column = diagnostic.end_col or diagnostic.col
    if diagnostic.lnum <= range["end"].line and last_line >= range.start.line then
      table.insert(reported, {
        range = {
          start = { line = diagnostic.lnum, character = diagnostic.col },
          ["end"] = { line = last_line, character = last_column },
        },
        message = diagnostic.message,
        severity = diagnostic.severity,
        source = diagnostic.source,
      })
    end
  end
  require("leanwide.edit").propose("Fix", "leanwide.fix", range, { diagnostics = reported })
end, { range = true })

command("Mode", "Pin the mode, or let leanwide choose it", function(given)
  local client = require("leanwide.client")
  client.run(vim.api.nvim_get_current_buf(), "leanwide.setMode", {
    argument = { mode = given.args },
    done = function()
      vim.notify("leanwide: mode " .. given.args)
    end,
  })
end, {
  nargs = 1,
  complete = function(beginning)
    return vim.tbl_filter(function(mode)
      return vim.startswith(mode, beginning)
    end, { "auto", "code", "think", "dialog" })
  end,
})

command("LastRequest", "Show what the model read for the last request", function()
  require("leanwide.ask").last_request()
end)
