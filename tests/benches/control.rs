//! Round trips over the control socket, one connection reused: what a dashboard or a script that asks often costs.

use std::time::{Duration, Instant};

use serde_json::json;
use stationd_tests::bench::percentile;
use stationd_tests::{Client, Line, Server};

/// Round trips of each command: all together are within the burst that a line allows.
const TRIPS: usize = 3000;

fn main() {
    let server = Server::http();
    let line = Line::to(&server).converter("wsjf", "kind = \"builtin\"\nformat = \"wsjf\"");
    let daemon = line.start();
    let mut client = Client::authenticated(&line);
    for command in ["ping", "queue.stats", "status"] {
        let mut trips: Vec<_> = (0..TRIPS).map(|_| trip(&mut client, command)).collect();
        trips.sort();
        let [median, most] = [50, 99].map(|share| percentile(&trips, share));
        show(command, median, most);
    }
    assert!(daemon.stop().success());
}

/// One round trip: how long it took.
fn trip(client: &mut Client, command: &str) -> Duration {
    let begun = Instant::now();
    client.ask(command, &json!({}));
    begun.elapsed()
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn show(command: &str, median: Duration, most: Duration) {
    println!("{command:<12} 50 % {median:>10.1?}   99 % {most:>10.1?}");
}
