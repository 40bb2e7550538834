--- The choice of a model: what there is, downloading one, and using it in this session.

local client = require("leanwide.client")

local M = {}

--- How much of a download is done, in percent; nil while there is none.
M.percent = nil ---@type integer?

local running ---@type { name: string, stop: fun() }? the download

local function say(message, level)
  vim.notify("leanwide: " .. message, level or vim.log.levels.INFO)
end

local function show_percent(percent)
  if percent ~= M.percent then
    M.percent = percent
    vim.api.nvim_exec_autocmds("User", { pattern = "LeanwideStatus", modeline = false })
  end
end

local function use(buffer, name)
  client.run(buffer, "leanwide.useModel", {
    argument = { name = name },
    done = function(used)
      local lanes = #used.lanes == 1 and (" in the %s lane"):format(used.lanes[1]) or ""
      local label = name == "" and "the embedded model" or name
      local keep = "%s is used%s until Neovim ends. To keep it, put this into %s:\n\n%s"
      say(keep:format(label, lanes, used.file, used.config))
    end,
  })
end

local function finish()
  running = nil
  show_percent(nil)
end

local function download(buffer, name)
  if running then
    return say("a model is being downloaded: wait for it, or :LeanwideModel! cancels it")
  end
  local this = { name = name, stop = function() end }
  running = this
  show_percent(0)
  say(("downloading %s; :LeanwideModel! cancels it"):format(name))
  this.stop = client.run(buffer, "leanwide.pullModel", {
    argument = { name = name },
    work = function(value)
      if running == this then
        show_percent(value.percentage or M.percent)
      end
    end,
    done = function()
      finish()
      use(buffer, name)
    end,
    failed = function(message)
      finish()
      say(message, vim.log.levels.WARN)
    end,
  })
end

--- Stop the download; what is here stays. Neovim passes on no answer of a cancelled request.
function M.cancel()
  if not running then
    return say("no model is being downloaded")
  end
  running.stop()
  say(("the download is stopped; :LeanwideModel %s goes on from there"):format(running.name))
  finish()
end

--- Whether a model is on this machine; an answer's null is nil in Neovim 0.10, later vim.NIL.
local function is_here(row)
  return type(row.path) == "string"
end

local function described(row)
  local lanes = #row.lanes == 1 and row.lanes[1] .. " lane" or "both lanes"
  local state = is_here(row) and "here" or row.suitability
  return ("%s · %.1f GB · %s · %s · %s"):format(row.name, row.sizeBytes / 1e9, row.licence, lanes, state)
end

--- Return the entries to choose from: models that are here first, and none that is too large.
local function entries(listing)
  local here = { { name = "", here = true, text = "the embedded model · small, knows some Python" } }
  local fitting = {}
  for _, row in ipairs(listing.models) do
    local entry = { name = row.name, here = is_here(row), text = described(row) }
    if entry.here then
      table.insert(here, 1, entry)
    elseif row.fits or row.fitsGpu then
      table.insert(fitting, entry)
    end
  end
  for _, path in ipairs(listing.others) do
    table.insert(here, { name = path, here = true, text = path })
  end
  return vim.list_extend(here, fitting)
end

local function choose(buffer)
  client.run(buffer, "leanwide.models", {
    done = function(listing)
      vim.ui.select(entries(listing), {
        prompt = listing.advice,
        format_item = function(entry)
          return entry.text
        end,
      }, function(entry)
        if entry then
          (entry.here and use or download)(buffer, entry.name)
        end
      end)
    end,
  })
end

--- Choose a model; one that is not here is downloaded first.
---@param name string of the list, `hf:OWNER/REPOSITORY/FILE`, or a file; "" lets the user choose
function M.choose(name)
  local buffer = vim.api.nvim_get_current_buf()
  if name == "" then
    choose(buffer)
  elseif not vim.startswith(name, "hf:") and name:match("%.gguf$") then
    use(buffer, vim.fn.fnamemodify(name, ":p"))
  else
    download(buffer, name)
  end
end

return M
