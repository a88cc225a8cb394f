//! Blocking work, away from the thread of the roles.

/// Runs blocking work elsewhere; none when the runtime shuts down.
pub(crate) async fn off_loop<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}
