"""Speed and memory of lanes, compared with a bare loop over llama.cpp."""
