"""The workspace index: which file defines what. It reads files in a thread of its own."""
