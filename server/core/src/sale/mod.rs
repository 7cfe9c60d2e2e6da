//! The sale: the ledger, its journal format and its refusals. Writes no file.
