"""An engine on another machine, or in another program: a llama-server, over HTTP."""
