//! Round trips over the control socket, one connection reused: what a dashboard or a script that asks often costs.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stationd_tests::bench::percentile;
use stationd_tests::{Line, Server};

/// Round trips of each command: all together are within the burst that a line allows.
const TRIPS: usize = 3000;

fn main() {
    let server = Server::http();
    let line = Line::to(&server).converter("wsjf", "kind = \"builtin\"\nformat = \"wsjf\"");
    let daemon = line.start();
    let stream = UnixStream::connect(line.path("control.sock")).expect("the daemon listens");
    let mut client = BufReader::new(stream);
    let mut text = String::new();
    client.read_line(&mut text).expect("a hello");
    writeln!(
        client.get_mut(),
        r#"{{"type":"connect","protocol":"2.0","client":"bench"}}"#
    )
    .expect("the daemon reads");
    let key = std::fs::read_to_string(line.path("state/control.key")).expect("the key is ours");
    ask(&mut client, "auth", &json!({ "token": key.trim() }));
    for command in ["ping", "queue.stats", "status"] {
        let mut trips: Vec<_> = (0..TRIPS)
            .map(|_| ask(&mut client, command, &json!({})))
            .collect();
        trips.sort();
        let [median, most] = [50, 99].map(|share| percentile(&trips, share));
        show(command, median, most);
    }
    assert!(daemon.stop().success());
}

/// One round trip: how long it took.
fn ask(client: &mut BufReader<UnixStream>, command: &str, args: &Value) -> Duration {
    let request = json!({ "id": 1, "command": command, "args": args });
    let mut text = String::new();
    let begun = Instant::now();
    writeln!(client.get_mut(), "{request}").expect("the daemon reads");
    client.read_line(&mut text).expect("the daemon answers");
    let took = begun.elapsed();
    assert!(text.contains("\"ok\":true"), "{text}");
    took
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn show(command: &str, median: Duration, most: Duration) {
    println!("{command:<12} 50 % {median:>10.1?}   99 % {most:>10.1?}");
}
