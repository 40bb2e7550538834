"""The transport: frames, JSON-RPC messages and connections, in place of pygls's.

pygls stops at a length that it cannot read, takes any object with a key ``jsonrpc`` for a message,
keeps a future for every notification, writes to a full pipe on the loop and answers requests out of
turn with nothing. Of it we use the features, the types and the requests to the client.
"""
