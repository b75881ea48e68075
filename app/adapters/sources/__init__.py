"""Files that other systems deliver, opened: encodings, delimiters and nesting end here, contracts begin."""
