//! HTTP/1.1, as much of it as a receiver of reports needs.
//!
//! Source: RFC 9112.

use std::io::{self, BufRead, BufReader, Read, Write};

use base64::Engine;
use flate2::read::MultiGzDecoder;

/// Longest request head in bytes.
const MAX_HEAD: u64 = 16 * 1024;
/// Most header fields of a request.
const MAX_HEADERS: usize = 64;
/// Largest body in bytes, before and after decompression. A daemon's `sandbox.output_mib` is far below.
pub(super) const MAX_BODY: u64 = 256 * 1024 * 1024;
/// Longest line between two chunks in bytes.
const MAX_CHUNK_LINE: u64 = 256;

/// Why a request cannot be read.
#[derive(Debug)]
pub(super) enum RequestError {
    /// The connection failed or ended in the middle.
    Io(io::Error),
    /// It is not HTTP, or not one we read; the answer's status and words.
    Bad(u16, &'static str),
}

impl From<io::Error> for RequestError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What is used of a request's head.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) keep_alive: bool,
    pub(super) authorization: Option<String>,
    pub(super) traceparent: Option<String>,
    pub(super) gzip: bool,
    expects_continue: bool,
    length: Length,
}

/// How a body's end is known.
#[derive(Debug)]
enum Length {
    Bytes(u64),
    Chunked,
}

impl Default for Length {
    fn default() -> Self {
        Self::Bytes(0)
    }
}

/// An answer: status, header fields beyond the usual ones, JSON body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after_s: Option<u64>,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn new(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            retry_after_s: None,
            body: body.to_string(),
        }
    }

    /// A refusal with words.
    pub(super) fn refusal(status: u16, words: &str) -> Self {
        Self::new(status, &serde_json::json!({ "message": words }))
    }
}

/// One client's connection.
#[derive(Debug)]
pub(super) struct Connection<S: Read + Write> {
    stream: BufReader<S>,
}

impl<S: Read + Write> Connection<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// The next request's head; none when the client has closed.
    pub(super) fn read_head(&mut self) -> Result<Option<Head>, RequestError> {
        let mut bytes = Vec::new();
        let mut limited = (&mut self.stream).take(MAX_HEAD);
        loop {
            let start = bytes.len();
            if limited.read_until(b'\n', &mut bytes)? == 0 {
                return match (bytes.is_empty(), limited.limit()) {
                    (true, 1..) => Ok(None),
                    (_, 0) => Err(RequestError::Bad(431, "the request head is too long")),
                    _ => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                };
            }
            let line = bytes.get(start..).unwrap_or_default();
            let blank = matches!(line, b"\n" | b"\r\n");
            if blank && start == 0 {
                bytes.clear(); // RFC 9112 section 2.2: a blank line before the request line is ignored.
            } else if blank {
                return parse_head(&bytes).map(Some);
            }
        }
    }

    /// The body that belongs to `head`, decompressed.
    pub(super) fn read_body(&mut self, head: &Head) -> Result<Vec<u8>, RequestError> {
        if matches!(head.length, Length::Bytes(length) if length > MAX_BODY) {
            return Err(RequestError::Bad(413, "the body is too large"));
        }
        if head.expects_continue {
            let stream = self.stream.get_mut();
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            stream.flush()?;
        }
        let mut body = Vec::new();
        match head.length {
            Length::Bytes(length) => read_exactly(&mut self.stream, length, &mut body)?,
            Length::Chunked => self.read_chunks(&mut body)?,
        }
        if !head.gzip {
            return Ok(body);
        }
        let mut plain = Vec::new();
        MultiGzDecoder::new(body.as_slice())
            .take(MAX_BODY + 1)
            .read_to_end(&mut plain)
            .map_err(|_| RequestError::Bad(400, "the body is not gzip"))?;
        if u64::try_from(plain.len()).is_ok_and(|length| length <= MAX_BODY) {
            Ok(plain)
        } else {
            Err(RequestError::Bad(413, "the body is too large"))
        }
    }

    fn read_chunks(&mut self, body: &mut Vec<u8>) -> Result<(), RequestError> {
        const BAD: RequestError = RequestError::Bad(400, "bad chunk");
        loop {
            let line = self.read_line()?;
            let Ok(httparse::Status::Complete((_, size))) = httparse::parse_chunk_size(&line) else {
                return Err(BAD);
            };
            if size == 0 {
                while !matches!(self.read_line()?.as_slice(), b"\r\n" | b"\n") {}
                return Ok(());
            }
            let so_far = u64::try_from(body.len()).unwrap_or(MAX_BODY);
            if size > MAX_BODY - so_far.min(MAX_BODY) {
                return Err(RequestError::Bad(413, "the body is too large"));
            }
            read_exactly(&mut self.stream, size, body)?;
            if self.read_line()? != b"\r\n" {
                return Err(BAD);
            }
        }
    }

    fn read_line(&mut self) -> Result<Vec<u8>, RequestError> {
        let mut line = Vec::new();
        (&mut self.stream)
            .take(MAX_CHUNK_LINE)
            .read_until(b'\n', &mut line)?;
        if line.ends_with(b"\n") {
            Ok(line)
        } else {
            Err(RequestError::Bad(400, "bad chunk"))
        }
    }

    /// Sends an answer.
    pub(super) fn write(&mut self, answer: &Answer, keep_alive: bool) -> io::Result<()> {
        let reason = reason(answer.status);
        let date = jiff::fmt::rfc2822::DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&jiff::Timestamp::now())
            .unwrap_or_default();
        let retry = answer
            .retry_after_s
            .map(|seconds| format!("Retry-After: {seconds}\r\n"))
            .unwrap_or_default();
        let connection = if keep_alive { "keep-alive" } else { "close" };
        let text = format!(
            "HTTP/1.1 {} {reason}\r\nDate: {date}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             {retry}Connection: {connection}\r\n\r\n{}",
            answer.status,
            answer.body.len(),
            answer.body
        );
        let stream = self.stream.get_mut();
        stream.write_all(text.as_bytes())?;
        stream.flush()
    }
}

fn read_exactly(stream: &mut impl BufRead, length: u64, body: &mut Vec<u8>) -> io::Result<()> {
    let read = stream.take(length).read_to_end(body)?;
    if u64::try_from(read) == Ok(length) {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

fn parse_head(bytes: &[u8]) -> Result<Head, RequestError> {
    const BAD: RequestError = RequestError::Bad(400, "bad request head");
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut fields);
    if !request.parse(bytes).is_ok_and(|status| status.is_complete()) {
        return Err(BAD);
    }
    let mut head = Head {
        method: request.method.unwrap_or_default().to_owned(),
        path: request.path.unwrap_or_default().to_owned(),
        keep_alive: request.version == Some(1),
        ..Head::default()
    };
    for field in request.headers.iter() {
        let value = std::str::from_utf8(field.value).map_err(|_| BAD)?.trim();
        match field.name.to_ascii_lowercase().as_str() {
            "content-length" if matches!(head.length, Length::Chunked) => {}
            "content-length" => head.length = Length::Bytes(value.parse().map_err(|_| BAD)?),
            "transfer-encoding" if value.eq_ignore_ascii_case("chunked") => head.length = Length::Chunked,
            "transfer-encoding" => return Err(RequestError::Bad(501, "unknown transfer encoding")),
            "content-encoding" if value.eq_ignore_ascii_case("gzip") => head.gzip = true,
            "content-encoding" if value.eq_ignore_ascii_case("identity") => {}
            "content-encoding" => return Err(RequestError::Bad(415, "unknown content encoding")),
            "expect" => head.expects_continue = value.eq_ignore_ascii_case("100-continue"),
            "connection" if value.eq_ignore_ascii_case("close") => head.keep_alive = false,
            "authorization" => head.authorization = Some(value.to_owned()),
            "traceparent" => head.traceparent = Some(value.to_owned()),
            _ => {}
        }
    }
    Ok(head)
}

/// Whether `value` is the header `Authorization` of `token`, compared in constant time. A token that holds a colon is
/// taken as `user:password` too, and met in base64.
pub(super) fn authorizes(value: &str, token: &str) -> bool {
    use subtle::ConstantTimeEq;
    let Some((scheme, given)) = value.split_once(' ') else {
        return false;
    };
    let encoded = base64::engine::general_purpose::STANDARD.encode(token);
    let same = given.as_bytes().ct_eq(token.as_bytes())
        | (given.as_bytes().ct_eq(encoded.as_bytes()) & u8::from(token.contains(':')).into());
    scheme.eq_ignore_ascii_case("basic") && bool::from(same)
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Wire {
        input: io::Cursor<Vec<u8>>,
        output: Vec<u8>,
    }

    impl Read for Wire {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.input.read(buffer)
        }
    }

    impl Write for Wire {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.output.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn connection(input: &[u8]) -> Connection<Wire> {
        Connection::new(Wire {
            input: io::Cursor::new(input.to_vec()),
            output: Vec::new(),
        })
    }

    #[test]
    fn a_chunked_body_and_the_next_request_are_read() {
        let mut wire = connection(
            b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n\
              3\r\n{\"a\r\n4;x=y\r\n\":1}\r\n0\r\n\r\nGET /b HTTP/1.1\r\nConnection: close\r\n\r\n",
        );
        let head = wire.read_head().unwrap().unwrap();
        assert_eq!(wire.read_body(&head).unwrap(), b"{\"a\":1}");
        assert!(head.keep_alive);
        assert!(wire.stream.get_ref().output.starts_with(b"HTTP/1.1 100 Continue"));
        let head = wire.read_head().unwrap().unwrap();
        assert_eq!((head.path.as_str(), head.keep_alive), ("/b", false));
        assert!(wire.read_head().unwrap().is_none());
    }

    #[test]
    fn a_gzip_body_is_decompressed() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"{}").unwrap();
        let packed = packed.finish().unwrap();
        let mut input = format!(
            "POST /a HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            packed.len()
        )
        .into_bytes();
        input.extend(packed);
        let mut wire = connection(&input);
        let head = wire.read_head().unwrap().unwrap();
        assert_eq!(wire.read_body(&head).unwrap(), b"{}");
    }

    #[test]
    fn what_is_not_a_request_is_refused() {
        for input in [
            &b"\x16\x03\x01\x02\x00\x01\n\n"[..],
            b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            b"GET / HTTP/1.1\r\nContent-Encoding: br\r\n\r\n",
        ] {
            assert!(matches!(
                connection(input).read_head(),
                Err(RequestError::Bad(..))
            ));
        }
        let long = [
            b"GET / HTTP/1.1\r\na: ".as_slice(),
            &[b'y'; 16_000],
            &[b'x'; 16_000],
        ]
        .concat();
        assert!(matches!(
            connection(&long).read_head(),
            Err(RequestError::Bad(431, _))
        ));
        let half = b"GET / HTTP/1.1\r\n";
        assert!(matches!(connection(half).read_head(), Err(RequestError::Io(_))));
        let mut cut = connection(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{}");
        let head = cut.read_head().unwrap().unwrap();
        assert!(matches!(cut.read_body(&head), Err(RequestError::Io(_))));
    }

    #[test]
    fn the_token_is_taken_as_it_is_or_as_user_and_password() {
        assert!(authorizes("Basic abc", "abc"));
        assert!(!authorizes("Basic abd", "abc"));
        assert!(!authorizes("Bearer abc", "abc"));
        assert!(authorizes("Basic dTpw", "u:p"));
        assert!(!authorizes("Basic YWJj", "abc"));
    }
}
