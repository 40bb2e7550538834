"""What runs in the engine process: lanes, their KV caches, and llama.cpp."""
