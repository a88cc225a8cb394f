//! The journal lines of the HTTP server.

use std::net::SocketAddr;

use super::error::HttpError;

/// INFO D070: it listens.
pub(super) fn open(listen: SocketAddr) {
    log::info!(
        target: "daemon", code = "D070", url:% = format_args!("http://{listen}/");
        "health, metrics and status page are served"
    );
}

/// WARN D071: it cannot listen. Written by whoever started it and goes on without.
pub fn unavailable(error: &HttpError) {
    log::warn!(
        target: "daemon", code = "D071", listen:% = error.listen, cause:% = error.cause,
        next = "files are converted and uploaded all the same; set http.listen and restart";
        "no health, metrics and status page"
    );
}

/// WARN D072: the history of the status page is damaged.
pub(super) fn history_damaged(cause: &dyn std::error::Error) {
    log::warn!(
        target: "daemon", code = "D072", cause:% = cause, next = "it begins anew";
        "the status page's history cannot be read"
    );
}

/// WARN D073: the history cannot be kept.
pub(super) fn history_not_kept(cause: &std::io::Error) {
    log::warn!(
        target: "daemon", code = "D073", cause:% = cause, next = "a restart loses it; nothing else is affected";
        "the status page's history cannot be written"
    );
}
