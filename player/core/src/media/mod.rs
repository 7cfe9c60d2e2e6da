//! The picture: loader, ABR, latency control, buffer and gaps. Decides what to fetch, append, seek and play; touches no element.
