"""Conversations in Neovim with scripted answers."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.scripted_server import HOLD
from tests.editors.conftest import Open
from tests.editors.scripted import TEXT
from tests.editors.scripted import command as scripted_command

_END = """
local buffer, id = ...
require("leanwide.client").run(buffer, "leanwide.endChat", {
  argument = { id = id },
  done = function() _G.has_ended = true end,
})
"""


def test_a_chat_goes_on_after_its_first_answer_is_stopped_and_when_the_server_forgot_it(
    opened: Open, tmp_path: Path
):
    answers = [[HOLD, "Late."], ["The second answer."], ["The third answer."]]
    neovim = opened(scripted_command(answers, tmp_path / "go"), TEXT, suggest=False)
    buffer = neovim.nvim.current.buffer.number
    neovim.nvim.input(":LeanwideChat Hello?<CR>")
    neovim.open_window()
    neovim.until(lambda: neovim.server("leanwide.chats"), "the chat")
    neovim.nvim.input("<C-c>")
    neovim.until(lambda: "<CR> message" in neovim.open_window().footer, "the keys")
    assert "stopped" in neovim.open_window().text

    neovim.nvim.input("<CR>And now?<CR>")
    neovim.until(lambda: "The second answer." in neovim.open_window().text, "an answer")
    neovim.until(lambda: "<CR> message" in neovim.open_window().footer, "the keys")
    neovim.nvim.exec_lua(_END, buffer, neovim.server("leanwide.chats")[-1]["id"])
    neovim.wait("return _G.has_ended")
    neovim.nvim.input("<CR>And then?<CR>")
    neovim.until(lambda: "The third answer." in neovim.open_window().text, "an answer")
    assert "there is no chat" not in neovim.open_window().text
