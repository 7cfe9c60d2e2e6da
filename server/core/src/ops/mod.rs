//! Running it: what a configuration means. Reads no file.
