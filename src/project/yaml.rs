//! YAML with places: a tree of nodes, each of which knows its bytes in the file.
