//! What people see on a terminal, through a pseudo-terminal.
