//! The room as the page sees it: the connection, the danmaku stage, merged likes. Draws nothing.
