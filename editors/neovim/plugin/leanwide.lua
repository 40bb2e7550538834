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
    require("leanwide.edit").propose(name, server_command, require("leanwide.ask").range(given))
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

for name, description in pairs({
  Edit = "Change the lines, or write on a blank line, by an instruction",
  Refactor = "Change the lines by an instruction",
}) do
  command(name, description, function(given)
    require("leanwide.edit").instruct(name, require("leanwide.ask").range(given), given.args)
  end, { range = true, nargs = "*" })
end

command("Again", "Ask again for the last change, with a hint", function(given)
  require("leanwide.edit").again(given.args ~= "" and given.args or nil)
end, { nargs = "*" })

command("Document", "Document the definition", propose("Document", "leanwide.document"), { range = true })
command("Test", "Write a test for the definition", propose("Test", "leanwide.test"), { range = true })

command("Fix", "Fix what the diagnostics report for the lines, or for the cursor's line", function(given)
  local range = require("leanwide.ask").range(given)
  local reported = require("leanwide.diagnostics").about(0, range)
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

command("NextEdit", "Switch next edits on or off until Neovim ends", function(given)
  if given.args ~= "on" and given.args ~= "off" then
    return vim.notify("leanwide: say on or off", vim.log.levels.WARN)
  end
  require("leanwide.next_edit").switch(given.args == "on")
end, {
  nargs = 1,
  complete = function(beginning)
    return vim.tbl_filter(function(state)
      return vim.startswith(state, beginning)
    end, { "on", "off" })
  end,
})

command("Stats", "Show how many suggestions and changes were shown, accepted and kept", function()
  require("leanwide.stats").show()
end)

command("Model", "Choose a model, and download it where it is not here; ! cancels the download", function(given)
  local models = require("leanwide.models")
  if given.bang then
    models.cancel()
  else
    models.choose(given.args)
  end
end, { nargs = "?", bang = true })

command("LastRequest", "Show what the model read for the last request", function()
  require("leanwide.ask").last_request()
end)
