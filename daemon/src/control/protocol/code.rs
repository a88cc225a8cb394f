//! The words of [`Fault::code`](super::Fault::code). They never change meaning.

/// The line is not a JSON object of the expected form.
pub const BAD_REQUEST: &str = "bad_request";
/// The line is longer than 1 MiB.
pub const LINE_TOO_LONG: &str = "line_too_long";
/// The connection ended within a line.
pub const HALF_LINE: &str = "half_line";
/// `connect` must come first.
pub const NOT_CONNECTED: &str = "not_connected";
/// Client and server do not understand each other.
pub const VERSION_MISMATCH: &str = "version_mismatch";
/// `auth` must come first.
pub const AUTH_REQUIRED: &str = "auth_required";
/// The secret is wrong.
pub const AUTH_FAILED: &str = "auth_failed";
/// Too many requests.
pub const RATE_LIMITED: &str = "rate_limited";
/// All places are taken.
pub const TOO_MANY_CLIENTS: &str = "too_many_clients";
/// Nothing was asked for too long.
pub const IDLE: &str = "idle";
/// There is no such command.
pub const UNKNOWN_COMMAND: &str = "unknown_command";
/// The command's arguments are wrong.
pub const BAD_ARGUMENTS: &str = "bad_arguments";
/// What was named does not exist.
pub const NOT_FOUND: &str = "not_found";
/// What is asked for is in use; ask again.
pub const BUSY: &str = "busy";
/// A part of the daemon does not answer.
pub const UNAVAILABLE: &str = "unavailable";
/// The store failed.
pub const STORE: &str = "store";
/// The daemon could not do it.
pub const FAILED: &str = "failed";
