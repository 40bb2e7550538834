"""The workspace index: what is defined in which file. It reads files, in a thread of its own."""
