--- Questions about code: an explanation, and conversations, in windows that stream.

local client = require("leanwide.client")
local text = require("leanwide.text")
local window = require("leanwide.window")

local M = {}

local function cost(stats)
  return ("%s · %d experts · %d tokens · %.1f s"):format(
    stats.mode,
    stats.experts,
    stats.tokensGenerated,
    stats.ms / 1000
  )
end

--- Explain lines, or what is at the cursor.
---@param range table an LSP range
function M.explain(range)
  local buffer = vim.api.nvim_get_current_buf()
  local cancel = function() end
  local view = window.open("Explain", "markdown", "q stops", function()
    cancel()
  end)
  view:spin("reading · q stops")
  cancel = client.run(buffer, "leanwide.explain", {
    argument = { uri = vim.uri_from_bufnr(buffer), range = range },
    show = function(part)
      view:append(part.text)
    end,
    done = function(answer)
      view:rest(cost(answer.stats) .. " · q close")
    end,
    failed = function(message)
      view:append(message)
      view:rest("q close")
    end,
  })
end

---@class leanwide.Chat
---@field id? string the server's name of it
---@field buffer integer what it is about
---@field view leanwide.Window

local KEYS = "<CR> message · <C-c> stop · q close"

--- Say something in a conversation.
---@param chat leanwide.Chat
---@param message string
---@param range? table the code that it is about
local function say(chat, message, range)
  chat.view:append(("## %s\n\n"):format((message:gsub("\n", " "))))
  chat.view:spin("answering · <C-c> stops")
  local argument = { message = message, id = chat.id }
  if range then
    argument.uri, argument.range = vim.uri_from_bufnr(chat.buffer), range
  end
  local cancel = client.run(chat.buffer, "leanwide.chat", {
    argument = argument,
    show = function(part)
      chat.id = part.id or chat.id
      chat.view:append(part.text)
    end,
    done = function(answer)
      chat.id = answer.id
      chat.view:append("\n\n")
      chat.view:rest(cost(answer.stats) .. " · " .. KEYS)
    end,
    failed = function(problem)
      chat.view:append(("\n\n*%s*\n\n"):format(problem))
      chat.view:rest(KEYS)
    end,
  })
  chat.view:map({ "<C-c>" }, "Stop the answer", cancel)
end

--- Begin a conversation, with a first message or a question for one.
---@param message string
---@param range? table the code that it is about
function M.chat(message, range)
  local buffer = vim.api.nvim_get_current_buf()
  local chat = { buffer = buffer }
  chat.view = window.open("Chat", "markdown", KEYS, function()
    if chat.id then
      client.run(buffer, "leanwide.endChat", {
        argument = { id = chat.id },
        done = function() end,
        failed = function() end,
      })
    end
  end)
  local function ask()
    vim.ui.input({ prompt = "Message: " }, function(given)
      if given and given:match("%S") then
        say(chat, given, range)
      end
    end)
  end
  chat.view:map({ "<CR>", "i", "a" }, "Say something", ask)
  if message ~= "" then
    say(chat, message, range)
  else
    vim.schedule(ask) -- the window is drawn first
  end
end

--- Show what the model read for the last request, and what it cost.
function M.last_request()
  client.run(vim.api.nvim_get_current_buf(), "leanwide.lastRequest", {
    done = function(records)
      local record = records[#records]
      local view = window.open("Last request", "markdown", "q close", function() end)
      if not record then
        return view:set({ "Nothing was asked yet." })
      end
      view:set({
        ("- %s, lane %s, %d experts, from %s"):format(
          record.mode,
          record.lane,
          record.experts,
          record.source
        ),
        "- " .. record.reason,
        ("- tokens: %d evaluated, %d reused, %d generated"):format(
          record.tokensEvaluated,
          record.tokensReused,
          record.tokensGenerated
        ),
        ("- %.0f ms"):format(record.ms.total),
        "",
        "~~~~~",
        unpack(vim.split(record.prompt, "\n", { plain = true })),
      })
      view:append("\n~~~~~\n\nAnswer:\n\n~~~~~\n" .. record.answer .. "\n~~~~~")
    end,
  })
end

--- The range that a user command was given, else the cursor.
---@param command table what |nvim_create_user_command| gives
---@return table
function M.range(command)
  if command.range > 0 then
    return text.lines(command.line1, command.line2)
  end
  local server = client.find()
  local encoding = server and server.offset_encoding or "utf-16"
  local position = vim.lsp.util.make_position_params(0, encoding).position
  return { start = position, ["end"] = position }
end

return M
