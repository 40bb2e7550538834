--- Explanations, conversations and the last request, in floating windows.

local client = require("leanwide.client")
local text = require("leanwide.text")
local window = require("leanwide.window")

local M = {}

--- Return what an answer cost, in one line.
local function cost(stats)
  return ("%s · %d experts · %d tokens · %.1f s"):format(
    stats.mode,
    stats.experts,
    stats.tokensGenerated,
    stats.ms / 1000
  )
end

--- Explain lines, or the definition at the cursor, in a window that streams.
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
      view:stop_spinner(cost(answer.stats) .. " · q close")
    end,
    failed = function(message)
      view:append(message)
      view:stop_spinner("q close")
    end,
  })
end

---@class leanwide.Chat
---@field id? string the conversation's id on the server; nil before its first answer
---@field buffer integer the buffer that it was started in
---@field view leanwide.Window

local KEYS = "<CR> message · <C-c> stop · q close"

--- Request an answer. Where the server does not know the conversation any more, another one begins.
---@param chat leanwide.Chat
---@param argument table of `leanwide.chat`
local function request(chat, argument)
  local function ended(remark)
    chat.view:append(("\n\n*%s*\n\n"):format(remark))
    chat.view:stop_spinner(KEYS)
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
      chat.view:stop_spinner(cost(answer.stats) .. " · " .. KEYS)
    end,
    failed = function(problem, code)
      if argument.id and code == vim.lsp.protocol.ErrorCodes.InvalidParams then
        chat.id, argument.id = nil, nil
        return request(chat, argument)
      end
      ended(problem)
    end,
    cancelled = function()
      ended("stopped")
    end,
  })
  chat.view:map({ "<C-c>" }, "Stop the answer", cancel)
end

--- Send a message and show the answer while it is generated.
---@param chat leanwide.Chat
---@param message string
---@param range? table the code that the message is about
local function send(chat, message, range)
  chat.view:append(("## %s\n\n"):format((message:gsub("\n", " "))))
  chat.view:spin("answering · <C-c> stops")
  local argument = { message = message, id = chat.id }
  if range then
    argument.uri, argument.range = vim.uri_from_bufnr(chat.buffer), range
  end
  request(chat, argument)
end

--- Start a conversation.
---@param message string the first message; "" asks the user for one
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
        send(chat, given, range)
      end
    end)
  end
  chat.view:map({ "<CR>", "i", "a" }, "Write a message", ask)
  if message ~= "" then
    send(chat, message, range)
  else
    vim.schedule(ask) -- after the window is drawn
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

--- Return the lines that a user command was given as an LSP range, else the cursor as an empty one.
---@param command table what |nvim_create_user_command| passes
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
