"""The protocol edge: the only importer of pygls and lsprotocol. It converts and decides nothing."""
