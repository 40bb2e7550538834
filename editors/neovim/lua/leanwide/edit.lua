--- Changes that the model proposes: asked for, reviewed, asked for again.

local client = require("leanwide.client")
local diagnostics = require("leanwide.diagnostics")
local diff = require("leanwide.diff")
local options = require("leanwide.options")
local place = require("leanwide.place")
local review = require("leanwide.review")
local window = require("leanwide.window")

local M = {}

---@class leanwide.Asked
---@field buffer integer
---@field title string
---@field command string such as `leanwide.refactor`
---@field place leanwide.Place the lines that it is about
---@field more table further fields of the command's argument
---@field attempt? string the server's id of the model's answer, once there is one

local last ---@type leanwide.Asked? what was asked for last

local function hint_again(rest)
  local key = options.current.review_keys.again
  return key and ("%s ask again · %s"):format(key, rest) or rest
end

local ask

--- Ask again; the model is told the hint, or to find another way.
---@param asked leanwide.Asked
---@param hint? string without it the user is asked for one, which may be empty
local function ask_again(asked, hint)
  local function follow_up(given)
    if given and vim.api.nvim_buf_is_valid(asked.buffer) then
      local more = vim.tbl_extend("force", asked.more, { attempt = asked.attempt, hint = given })
      if more.diagnostics then
        more.diagnostics = diagnostics.about(asked.buffer, asked.place:range())
      end
      ask(vim.tbl_extend("force", asked, { more = more }))
    end
  end
  if hint then
    return follow_up(hint)
  end
  vim.ui.input({ prompt = "What should be different? " }, follow_up)
end

--- Let a key in a window ask again.
---@param view leanwide.Window
---@param asked leanwide.Asked
local function map_again(view, asked)
  local key = options.current.review_keys.again
  if key then
    view:map({ key }, "Ask again", function()
      view:close()
      ask_again(asked)
    end)
  end
end

--- Return the argument of the command, about the lines as they are now.
---@param asked leanwide.Asked
---@return table
local function argument_of(asked)
  local about = { uri = vim.uri_from_bufnr(asked.buffer), range = asked.place:range() }
  return vim.tbl_extend("error", about, asked.more)
end

--- Whether an edit changes this document and nothing else.
local function is_only(edit, uri)
  local uris = vim.tbl_keys(diff.edits_by_uri(edit))
  return #uris == 1 and uris[1] == uri
end

local function encoding_of(buffer)
  local server = client.find(buffer)
  return server and server.offset_encoding or "utf-16"
end

--- Say why there is no change; below that stands what the model answered.
---@param view leanwide.Window
---@param asked leanwide.Asked
---@param markdown any
local function refuse(view, asked, markdown)
  map_again(view, asked)
  view:stop_spinner("no change · " .. hint_again("q close"))
  if type(markdown) == "string" then
    view:set(vim.split(markdown, "\n", { plain = true }))
  end
end

--- Return what tells the server that the user accepted an answer's change, which is counted once.
---@param buffer integer
---@param attempt any the server's id of the answer
---@return fun()
local function teller(buffer, attempt)
  local told = type(attempt) ~= "string"
  return function()
    if not told then
      told = true
      client.run(buffer, "leanwide.accepted", {
        argument = { id = attempt },
        done = function() end,
        failed = function() end, -- it is a count, and the change is made
      })
    end
  end
end

local function is_nothing(edit)
  return edit == nil or edit == vim.NIL
end

--- Ask for a change of another file, which a window shows.
---@param asked leanwide.Asked
local function ask_in_window(asked)
  local cancel = function() end
  local view = window.open(asked.title, "markdown", "q stops", function()
    cancel()
  end)
  view:spin("writing · q stops")
  cancel = client.run(asked.buffer, asked.command, {
    argument = argument_of(asked),
    show = function(part)
      view:append(part.text)
    end,
    done = function(answer)
      asked.attempt = answer.attempt
      if not view:is_open() then
        return
      end
      if is_nothing(answer.edit) then
        return refuse(view, asked, answer.markdown)
      end
      map_again(view, asked)
      diff.show(view, {
        edit = answer.edit,
        encoding = encoding_of(asked.buffer),
        hint = hint_again("q reject"),
        accepted = teller(asked.buffer, answer.attempt),
      })
    end,
    failed = function(message)
      view:set({ message })
      view:stop_spinner("q close")
    end,
  })
end

--- Ask for a change of the buffer, which shows it while the model writes.
---@param asked leanwide.Asked
local function ask_in_text(asked)
  local cancel = function() end
  local encoding = encoding_of(asked.buffer)
  local view = review.open(asked.buffer, {
    title = asked.title,
    encoding = encoding,
    again = function()
      ask_again(asked)
    end,
    cancel = function()
      cancel()
    end,
  })
  cancel = client.run(asked.buffer, asked.command, {
    argument = argument_of(asked),
    show = function(part)
      view:tell(part.text)
      if part.edits then
        view:show(part.edits)
      end
    end,
    done = function(answer)
      asked.attempt = answer.attempt
      local uri = vim.uri_from_bufnr(asked.buffer)
      if not view:is_open() then
        return
      elseif not is_nothing(answer.edit) and is_only(answer.edit, uri) then
        return view:finish(diff.edits_by_uri(answer.edit)[uri], teller(asked.buffer, answer.attempt))
      end
      view:stop()
      local shown = window.open(asked.title, "markdown", "q close", function() end)
      if is_nothing(answer.edit) then
        refuse(shown, asked, answer.markdown)
      else
        map_again(shown, asked)
        diff.show(shown, {
          edit = answer.edit,
          encoding = encoding,
          hint = hint_again("q reject"),
          accepted = teller(asked.buffer, answer.attempt),
        })
      end
    end,
    failed = function(message)
      view:stop()
      vim.notify("leanwide: " .. message, vim.log.levels.WARN)
    end,
  })
end

---@param asked leanwide.Asked
function ask(asked)
  last = asked
  if asked.command == "leanwide.test" then
    ask_in_window(asked)
  else
    ask_in_text(asked)
  end
end

--- Ask for a change, and show it.
---@param title string
---@param command string such as `leanwide.refactor`
---@param range table an LSP range
---@param more? table further fields of the command's argument
function M.propose(title, command, range, more)
  local buffer = vim.api.nvim_get_current_buf()
  local about = place.follow(buffer, range, encoding_of(buffer))
  ask({ buffer = buffer, title = title, command = command, place = about, more = more or {} })
end

--- Ask for a change by an instruction. Without one the user is asked; <Up> brings the earlier ones.
---@param title string
---@param range table an LSP range
---@param instruction string
function M.instruct(title, range, instruction)
  if instruction:match("%S") then
    vim.fn.histadd("input", instruction)
    return M.propose(title, "leanwide.refactor", range, { instruction = instruction })
  end
  vim.ui.input({ prompt = title .. ": " }, function(given)
    if given and given:match("%S") then
      M.propose(title, "leanwide.refactor", range, { instruction = given })
    end
  end)
end

--- Ask again for what was asked for last; the model is told the hint, or to find another way.
---@param hint? string without it the user is asked for one, which may be empty
function M.again(hint)
  if not last or not vim.api.nvim_buf_is_valid(last.buffer) then
    return vim.notify("leanwide: nothing was asked for yet", vim.log.levels.WARN)
  end
  ask_again(last, hint)
end

return M
