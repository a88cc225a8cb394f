//! Answers, as bytes.

/// An answer.
#[derive(Debug)]
pub(super) struct Response {
    status: u16,
    content_type: &'static str,
    /// `Content-Security-Policy`; none allows nothing at all.
    policy: Option<String>,
    body: String,
}

impl Response {
    /// JSON.
    pub(super) fn json(status: u16, value: &impl serde::Serialize) -> Self {
        match serde_json::to_string(value) {
            Ok(body) => Self {
                status,
                content_type: "application/json",
                policy: None,
                body: body + "\n",
            },
            Err(error) => Self::text(500, error.to_string()),
        }
    }

    /// Text.
    pub(super) fn text(status: u16, text: impl Into<String>) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            policy: None,
            body: text.into() + "\n",
        }
    }

    /// Metrics. Source: Prometheus exposition formats, "Text-based format".
    pub(super) fn metrics(body: String) -> Self {
        Self {
            status: 200,
            content_type: "text/plain; version=0.0.4; charset=utf-8",
            policy: None,
            body,
        }
    }

    /// A page with its `Content-Security-Policy`.
    pub(super) fn page(body: String, policy: String) -> Self {
        Self {
            status: 200,
            content_type: "text/html; charset=utf-8",
            policy: Some(policy),
            body,
        }
    }

    /// As it goes over the wire; the connection ends after it.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        let reason = match self.status {
            200 => "OK",
            400 => "Bad Request",
            404 => "Not Found",
            405 => "Method Not Allowed",
            408 => "Request Timeout",
            421 => "Misdirected Request",
            431 => "Request Header Fields Too Large",
            503 => "Service Unavailable",
            _ => "Error",
        };
        let policy = self.policy.as_deref().unwrap_or("default-src 'none'");
        let allow = if self.status == 405 { "Allow: GET\r\n" } else { "" };
        let head = format!(
            "HTTP/1.1 {} {reason}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n{allow}\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\
             Content-Security-Policy: {policy}; frame-ancestors 'none'\r\n\r\n",
            self.status,
            self.content_type,
            self.body.len(),
        );
        (head + &self.body).into_bytes()
    }
}
