"""Speed and memory of lanes, beside a bare loop over llama.cpp."""
