"""Messages between a client and the server: what pygls leaves open, beside it.

pygls ends at a length that it cannot read, takes any object with a key ``jsonrpc`` for a message,
keeps a future for every notification, writes to a full pipe on the loop and answers nothing out of
turn. Of it we use the features, the types and the requests to the client.
"""
