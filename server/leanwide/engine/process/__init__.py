"""What runs in the engine's process: lanes, their KV caches, and llama.cpp."""
