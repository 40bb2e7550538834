"""The next edit: what the user has begun in one place, carried to the places that follow from it.

Candidates are found without a model; the model judges how likely the changed text is there.
"""
